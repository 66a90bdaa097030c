SELECT bench.take_quiz($2, $3) WHERE app.tenant_id() = $1
