"""How well recognition does, measured: protocols, figures with intervals, a report.

Units:
    fpir, fpirs, fnir, fnmr: share of the probes or of the people, 0..1
    limit: dimensionless, as of ``gate.recognition.matching``
"""
