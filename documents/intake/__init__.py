"""Intake: orders, invoices and credit notes that come as messages, kept until they are documents."""
