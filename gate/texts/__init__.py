"""Everything a person reads, in every language: one folder of catalogues a language."""
