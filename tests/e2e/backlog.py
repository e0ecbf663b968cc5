"""A long time without network, put into a phone's store at once: what its screens would have saved one by one."""

from __future__ import annotations

import base64

from tests.e2e.phone import Phone, receipt_photo
from tests.e2e.running import RunningServer
from tests.e2e.test_story import TODAY

_FILL = """async ([base, receipts, photos, size, user, trip, day]) => {
    const asked = indexedDB.open('fieldclaim');
    const db = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
    const head = Uint8Array.from(atob(base), (letter) => letter.charCodeAt(0));
    const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const id = () => {
        const time = Date.now().toString(16).padStart(12, '0');
        const rest = hex(crypto.getRandomValues(new Uint8Array(10)));
        return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(1, 4)}-8${rest.slice(5, 8)}-${rest.slice(8)}`;
    };
    const change = (entity, record_id, fields) => ({
        schema: 1, owner: user, change_id: id(), entity, record_id, op: 'create', fields, base: {}, base_version: null,
        made_at: new Date().toISOString(), state: 'waiting',
    });
    const hashes = [];
    for (let at = 0; at < receipts; at++) {
        const attachments = [];
        const files = [];
        if (at < photos) {
            const bytes = new Uint8Array(size);
            bytes.set(head);
            crypto.getRandomValues(bytes.subarray(head.length, head.length + 32));
            const sha256 = hex(await crypto.subtle.digest('SHA-256', bytes));
            attachments.push(sha256);
            files.push({ sha256, bytes: bytes.buffer });
            hashes.push(sha256);
        }
        const write = db.transaction(['changes', 'files', 'bytes'], 'readwrite');
        for (const { sha256, bytes } of files) {
            const key = `${user}/${sha256}`;
            const about = { sha256, media_type: 'image/jpeg', size };
            write.objectStore('files').put({
                key, owner: user, ...about, preview: null, state: 'waiting', upload_url: '',
            });
            write.objectStore('bytes').put({ key, owner: user, bytes });
            write.objectStore('changes').add(change('attachment', id(), { ...about, role: 'original' }));
        }
        write.objectStore('changes').add(change('receipt', id(), {
            trip_id: trip, category: 'meal', amount_minor: 900 + at, issued_on: day, attachments,
        }));
        await new Promise((done, fail) => { write.oncomplete = done; write.onabort = () => fail(write.error); });
    }
    db.close();
    return hashes;
}"""


def fill_outbox(phone: Phone, server: RunningServer, receipts: int, photos: int, size: int) -> list[str]:
    """Put receipts of anna's into the outbox, the first ones with a photo of `size` bytes each. Gives their hashes."""
    base = base64.b64encode(receipt_photo("https://example.invalid/backlog")).decode()
    user, trip = server.find("user", username="anna")[0]["id"], server.find("trip")[0]["id"]
    hashes: list[str] = phone.page.evaluate(_FILL, [base, receipts, photos, size, user, trip, str(TODAY)])
    return hashes
