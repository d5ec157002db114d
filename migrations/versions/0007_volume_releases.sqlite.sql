CREATE TABLE volume_releases (
    period VARCHAR NOT NULL,
    since DATE NOT NULL,
    until DATE NOT NULL,
    provisional BOOLEAN NOT NULL,
    watermark INTEGER NOT NULL,
    last_move INTEGER NOT NULL,
    block INTEGER NOT NULL,
    code_version VARCHAR NOT NULL,
    total_fen INTEGER NOT NULL,
    tb_total_fen INTEGER NOT NULL,
    aside_fen INTEGER NOT NULL,
    tb_aside_fen INTEGER NOT NULL,
    leaves INTEGER NOT NULL,
    root VARCHAR,
    input_hash VARCHAR NOT NULL,
    hash VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    seed BLOB NOT NULL,
    reason VARCHAR,
    restates_id VARCHAR,
    prepared_by VARCHAR NOT NULL,
    prepared_at DATETIME NOT NULL,
    checked_by VARCHAR,
    checked_at DATETIME,
    published_by VARCHAR,
    published_at DATETIME,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_volume_releases PRIMARY KEY (id),
    CONSTRAINT ck_volume_releases_total_is_the_books CHECK (total_fen = tb_total_fen),
    CONSTRAINT ck_volume_releases_aside_is_the_books CHECK (aside_fen = tb_aside_fen),
    CONSTRAINT ck_volume_releases_ends_after_it_begins CHECK (until >= since),
    CONSTRAINT ck_volume_releases_checked_by_another CHECK (prepared_by <> checked_by),
    CONSTRAINT ck_volume_releases_published_by_another CHECK (prepared_by <> published_by),
    CONSTRAINT ck_volume_releases_known_is_checked CHECK (state NOT IN ('checked', 'published', 'restated') OR checked_at IS NOT NULL),
    CONSTRAINT ck_volume_releases_known_since CHECK ((state IN ('published', 'restated')) = (published_at IS NOT NULL)),
    CONSTRAINT ck_volume_releases_restates_another CHECK (restates_id IS NULL OR restates_id <> id),
    CONSTRAINT fk_volume_releases_restates_id_volume_releases FOREIGN KEY(restates_id) REFERENCES volume_releases (id)
)
--
CREATE INDEX ix_volume_releases_state_id ON volume_releases (state, id)
--
CREATE INDEX ix_volume_releases_period_id ON volume_releases (period, id)
--
CREATE UNIQUE INDEX uq_volume_releases_one_in_force ON volume_releases (period) WHERE state IN ('published')
--
CREATE UNIQUE INDEX uq_volume_releases_one_open ON volume_releases (period) WHERE state IN ('prepared', 'checked')
--
CREATE TRIGGER volume_releases_fixed BEFORE UPDATE ON volume_releases WHEN (OLD.period IS NOT NEW.period OR OLD.since IS NOT NEW.since OR OLD.until IS NOT NEW.until OR OLD.provisional IS NOT NEW.provisional OR OLD.watermark IS NOT NEW.watermark OR OLD.last_move IS NOT NEW.last_move OR OLD.block IS NOT NEW.block OR OLD.code_version IS NOT NEW.code_version OR OLD.total_fen IS NOT NEW.total_fen OR OLD.tb_total_fen IS NOT NEW.tb_total_fen OR OLD.aside_fen IS NOT NEW.aside_fen OR OLD.tb_aside_fen IS NOT NEW.tb_aside_fen OR OLD.leaves IS NOT NEW.leaves OR OLD.root IS NOT NEW.root OR OLD.input_hash IS NOT NEW.input_hash OR OLD.hash IS NOT NEW.hash OR OLD.document IS NOT NEW.document OR OLD.seed IS NOT NEW.seed OR OLD.reason IS NOT NEW.reason OR OLD.restates_id IS NOT NEW.restates_id OR OLD.prepared_by IS NOT NEW.prepared_by OR OLD.prepared_at IS NOT NEW.prepared_at OR OLD.id IS NOT NEW.id OR OLD.checked_by IS NOT NULL AND OLD.checked_by IS NOT NEW.checked_by OR OLD.checked_at IS NOT NULL AND OLD.checked_at IS NOT NEW.checked_at OR OLD.published_by IS NOT NULL AND OLD.published_by IS NOT NEW.published_by OR OLD.published_at IS NOT NULL AND OLD.published_at IS NOT NEW.published_at) BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_releases_kept BEFORE DELETE ON volume_releases BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TABLE volume_release_tiles (
    release_id VARCHAR NOT NULL,
    tier INTEGER NOT NULL,
    place INTEGER NOT NULL,
    first BLOB NOT NULL,
    nodes BLOB NOT NULL,
    CONSTRAINT pk_volume_release_tiles PRIMARY KEY (release_id, tier, place),
    CONSTRAINT fk_volume_release_tiles_release_id_volume_releases FOREIGN KEY(release_id) REFERENCES volume_releases (id)
)
--
CREATE INDEX ix_volume_release_tiles_release_id_tier_first ON volume_release_tiles (release_id, tier, first)
--
CREATE TRIGGER volume_release_tiles_no_update BEFORE UPDATE ON volume_release_tiles BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_release_tiles_no_delete BEFORE DELETE ON volume_release_tiles BEGIN SELECT RAISE(ABORT, 'append-only'); END
--
CREATE TRIGGER volume_release_tiles_no_replace BEFORE INSERT ON volume_release_tiles WHEN EXISTS (SELECT 1 FROM volume_release_tiles WHERE release_id = NEW.release_id AND tier = NEW.tier AND place = NEW.place) BEGIN SELECT RAISE(ABORT, 'append-only'); END
