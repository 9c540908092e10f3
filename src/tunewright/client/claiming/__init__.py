"""Bring your own loop: trainings of a job, claimed one by one by a program of the user's own.

    trainings.py   what the program sees of one         claims.py    one after the other, until the job is over
    attempt.py     what is known of one here            session.py   lease, claims and orders, with the scheduler
    output.py      its values, to metrics, until they are settled

Everything but the program's own calls runs on the client's event loop. Must not know what a loop computes.
"""
