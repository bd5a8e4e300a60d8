"""Tax invoices, credit notes, PDFs."""
