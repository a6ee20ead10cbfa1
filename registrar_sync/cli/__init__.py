"""The command line: Typer commands that call the Client; render.py is the only printer."""
