"""Invoices: what customers owe."""


def invoice_total(lines, tax):
    """Sum of all lines of an invoice, tax included."""
    total = 0
    for line in lines:
        if line.is_cancelled:
            continue
        total += line.price * line.quantity
    return round(total * (1 + tax), 2)
