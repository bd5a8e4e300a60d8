"""The pretended M-PESA behind Safaricom's Daraja: tokens, prompts on a phone, pay bill, reversals. Whole shillings."""
