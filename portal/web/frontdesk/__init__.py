"""The hotel's front desk: today's board, the tape chart, stays, and the setting up of the hotel."""
