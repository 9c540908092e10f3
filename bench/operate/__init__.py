"""What operators count on: a thousand trainings at once, a service that is killed, a restart of all, a busy day."""
