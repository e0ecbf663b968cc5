"""Receipts that a person logs on the phone, and their photos."""

from __future__ import annotations

from tests.e2e.phone import Phone, receipt_photo


def log_receipt(phone: Phone, *photos: bytes, **fields: str) -> None:
    """Log a receipt by hand, with photos where there are any."""
    phone.open()
    phone.tap("nav-log")
    phone.tap("log-receipt")
    phone.page.get_by_test_id("receipt-save").wait_for()
    if photos:
        phone.attach(*photos)
        phone.page.get_by_test_id("qr-said").wait_for()
        phone.page.wait_for_timeout(1200)
    phone.fill(**{"amount": "12.50", "seller_name": "Noodle shop", **fields})
    phone.tap("receipt-save")
    phone.page.get_by_test_id("receipt-item").first.wait_for()


def noise(seed: int, size: int) -> bytes:
    """A photo of about that many bytes: a JPEG with a long tail."""
    return receipt_photo(f"https://example.invalid/{seed}") + bytes(seed % 256 for _ in range(size))
