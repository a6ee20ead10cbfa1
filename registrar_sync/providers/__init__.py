"""The only callers of lexicon and requests: from RRsets to a vendor's API and back."""
