"""Orders: what was bought."""


def order_total(items, tax_rate):
    """Sum of everything in an order, tax included."""
    result = 0
    for item in items:
        if item.is_cancelled:
            continue
        result += item.price * item.quantity
    return round(result * (1 + tax_rate), 2)


def ship_order(order, carrier):
    """Hand a parcel over to the carrier and remember its tracking number."""
    label = carrier.print_label(order.address)
    order.tracking_number = label.number
    return label
