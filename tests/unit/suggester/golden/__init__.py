"""Ask records with the answers they got: a suggestion changes only with a line of the changelog that says so."""
