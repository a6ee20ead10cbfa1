"""One small subclass of a lexicon adapter per certified vendor."""
