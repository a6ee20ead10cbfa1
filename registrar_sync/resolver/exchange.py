"""What an exchange of a question for a response comes to where there is no response."""


class Unanswered(Exception):
    """A server gave no answer to a question, by UDP or TCP; the text says why."""
