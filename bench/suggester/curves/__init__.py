"""Problems whose trainings emit a loss after every epoch, and what stopping them early saves."""
