"""What gunicorn loads."""

import gc

gc.disable()  # what is loaded is no garbage: looking for some meanwhile costs a tenth of the start

from server.app import create_app  # noqa: E402 (after the line above)

app = create_app()
gc.freeze()  # what was loaded stays: looking through it for garbage again and again costs a tenth of every push
gc.enable()
