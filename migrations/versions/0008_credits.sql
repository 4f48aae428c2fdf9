-- Facts of kind Credit come once an hour for each member, among millions of others.

CREATE INDEX fact_credit ON ledger.fact (at_seconds) WHERE kind = 'Credit';
