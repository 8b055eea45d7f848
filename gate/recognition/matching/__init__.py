"""From vectors to people: gallery, whitening, scores, calibration.

Units:
    score, threshold, verify_threshold: dimensionless, a cosine less what the cohort has
    shrinkage: share of the largest eigenvalue
    width: dimensionless, how many values a vector has
"""
