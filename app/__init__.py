"""The Flask application: the only room with a door to the street."""

from app import api, house, observe, openapi, pages, problems
from app.answers import headers
from app.reactions import SUBSCRIBERS, WITNESSES
from app.sharing import downloads, server
from app.unit import Exchange
from config.settings import Settings


def create_app(settings: Settings) -> Exchange:
    """Assemble the application. Reads nothing but `settings`; touches no network."""
    app = Exchange(__name__)
    app.house = house.build(settings, SUBSCRIBERS, WITNESSES)
    app.config.update(MAX_CONTENT_LENGTH=settings.body_bytes_max)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    meters = observe.Meters()
    app.extensions["meters"] = meters
    observe.init_app(app, meters)
    headers.init_app(app)
    problems.init_app(app)
    doors = openapi.init_app(app)
    api.init_app(app, doors, demonstration=settings.clock == "adjustable")
    pages.init_app(app)
    app.register_blueprint(server.blueprint)
    app.register_blueprint(downloads.blueprint)
    app.extensions["openapi_document"] = openapi.document(app, doors)
    return app
