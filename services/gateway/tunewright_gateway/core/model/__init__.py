"""What a request must be like, by botocore's own model of the service: the only statement of it, read and not copied.

AWS's clients check little of it themselves (members that are missing, types, least values): the service checks all.
"""
