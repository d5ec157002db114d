CREATE TABLE volume_releases (
    period VARCHAR NOT NULL,
    since DATE NOT NULL,
    until DATE NOT NULL,
    provisional BOOLEAN NOT NULL,
    watermark BIGINT NOT NULL,
    last_move BIGINT NOT NULL,
    block BIGINT NOT NULL,
    code_version VARCHAR NOT NULL,
    total_fen BIGINT NOT NULL,
    tb_total_fen BIGINT NOT NULL,
    aside_fen BIGINT NOT NULL,
    tb_aside_fen BIGINT NOT NULL,
    leaves BIGINT NOT NULL,
    root VARCHAR,
    input_hash VARCHAR NOT NULL,
    hash VARCHAR NOT NULL,
    document VARCHAR NOT NULL,
    seed BYTEA NOT NULL,
    reason VARCHAR,
    restates_id VARCHAR,
    prepared_by VARCHAR NOT NULL,
    prepared_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checked_by VARCHAR,
    checked_at TIMESTAMP WITH TIME ZONE,
    published_by VARCHAR,
    published_at TIMESTAMP WITH TIME ZONE,
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
CREATE TRIGGER volume_releases_fixed BEFORE UPDATE ON volume_releases FOR EACH ROW WHEN (OLD.period IS DISTINCT FROM NEW.period OR OLD.since IS DISTINCT FROM NEW.since OR OLD.until IS DISTINCT FROM NEW.until OR OLD.provisional IS DISTINCT FROM NEW.provisional OR OLD.watermark IS DISTINCT FROM NEW.watermark OR OLD.last_move IS DISTINCT FROM NEW.last_move OR OLD.block IS DISTINCT FROM NEW.block OR OLD.code_version IS DISTINCT FROM NEW.code_version OR OLD.total_fen IS DISTINCT FROM NEW.total_fen OR OLD.tb_total_fen IS DISTINCT FROM NEW.tb_total_fen OR OLD.aside_fen IS DISTINCT FROM NEW.aside_fen OR OLD.tb_aside_fen IS DISTINCT FROM NEW.tb_aside_fen OR OLD.leaves IS DISTINCT FROM NEW.leaves OR OLD.root IS DISTINCT FROM NEW.root OR OLD.input_hash IS DISTINCT FROM NEW.input_hash OR OLD.hash IS DISTINCT FROM NEW.hash OR OLD.document IS DISTINCT FROM NEW.document OR OLD.seed IS DISTINCT FROM NEW.seed OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.restates_id IS DISTINCT FROM NEW.restates_id OR OLD.prepared_by IS DISTINCT FROM NEW.prepared_by OR OLD.prepared_at IS DISTINCT FROM NEW.prepared_at OR OLD.id IS DISTINCT FROM NEW.id OR OLD.checked_by IS NOT NULL AND OLD.checked_by IS DISTINCT FROM NEW.checked_by OR OLD.checked_at IS NOT NULL AND OLD.checked_at IS DISTINCT FROM NEW.checked_at OR OLD.published_by IS NOT NULL AND OLD.published_by IS DISTINCT FROM NEW.published_by OR OLD.published_at IS NOT NULL AND OLD.published_at IS DISTINCT FROM NEW.published_at) EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER volume_releases_kept BEFORE DELETE ON volume_releases FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TABLE volume_release_tiles (
    release_id VARCHAR NOT NULL,
    tier INTEGER NOT NULL,
    place INTEGER NOT NULL,
    first BYTEA NOT NULL,
    nodes BYTEA NOT NULL,
    CONSTRAINT pk_volume_release_tiles PRIMARY KEY (release_id, tier, place),
    CONSTRAINT fk_volume_release_tiles_release_id_volume_releases FOREIGN KEY(release_id) REFERENCES volume_releases (id)
)
--
CREATE INDEX ix_volume_release_tiles_release_id_tier_first ON volume_release_tiles (release_id, tier, first)
--
CREATE TRIGGER volume_release_tiles_append_only BEFORE UPDATE OR DELETE ON volume_release_tiles FOR EACH ROW EXECUTE FUNCTION refuse_change()
--
CREATE TRIGGER volume_release_tiles_no_truncate BEFORE TRUNCATE ON volume_release_tiles EXECUTE FUNCTION refuse_change()
