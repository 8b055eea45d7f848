"""How well recognition does, measured: protocols, figures with intervals, a report."""
