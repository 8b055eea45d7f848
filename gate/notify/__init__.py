"""Alarms reach staff on their telephones and chats: what, to whom, when, grouped."""
