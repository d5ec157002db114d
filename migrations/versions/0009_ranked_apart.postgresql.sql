CREATE TABLE exchange_stats (
    exchange VARCHAR NOT NULL,
    as_of DATE NOT NULL,
    measure VARCHAR NOT NULL,
    value_fen BIGINT NOT NULL,
    registered VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    url VARCHAR,
    confidence VARCHAR NOT NULL,
    entered_by VARCHAR NOT NULL,
    entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    checked_by VARCHAR,
    checked_at TIMESTAMP WITH TIME ZONE,
    id VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_exchange_stats PRIMARY KEY (id),
    CONSTRAINT ck_exchange_stats_state_is_known CHECK (state IN ('entered', 'published', 'refused', 'withdrawn')),
    CONSTRAINT ck_exchange_stats_measure_is_known CHECK (measure IN ('cumulative', 'year')),
    CONSTRAINT ck_exchange_stats_registered_is_known CHECK (registered IN ('no', 'unknown', 'yes')),
    CONSTRAINT ck_exchange_stats_confidence_is_known CHECK (confidence IN ('high', 'low', 'medium')),
    CONSTRAINT ck_exchange_stats_value_is_positive CHECK (value_fen > 0),
    CONSTRAINT ck_exchange_stats_checked_by_another CHECK (entered_by <> checked_by),
    CONSTRAINT ck_exchange_stats_published_when_checked CHECK (state NOT IN ('published', 'withdrawn') OR checked_by IS NOT NULL)
)
--
CREATE UNIQUE INDEX uq_exchange_stats_one_standing ON exchange_stats (exchange, measure, registered, as_of) WHERE state IN ('entered', 'published')
--
CREATE INDEX ix_exchange_stats_state_measure_as_of ON exchange_stats (state, measure, as_of)
--
CREATE INDEX ix_exchange_stats_state_id ON exchange_stats (state, id)
--
CREATE TABLE named_buyers (
    organisation_id VARCHAR NOT NULL,
    agreed_by VARCHAR NOT NULL,
    agreed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_named_buyers PRIMARY KEY (organisation_id),
    CONSTRAINT fk_named_buyers_organisation_id_organisations FOREIGN KEY(organisation_id) REFERENCES organisations (id)
)
