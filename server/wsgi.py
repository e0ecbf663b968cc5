"""What gunicorn loads."""

import gc

from server.app import create_app

app = create_app()
gc.freeze()  # what was loaded stays: looking through it for garbage again and again costs a tenth of every push
