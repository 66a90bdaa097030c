SELECT json_build_object('currency', q.quote -> 'currency', 'tax', q.quote -> 'tax', 'total', q.quote -> 'total', 'lines', (
    SELECT json_agg(json_build_object('quantity', l.line -> 'quantity', 'subtotal', l.line -> 'subtotal', 'discount', l.line -> 'discount', 'tax', l.line -> 'tax', 'total', l.line -> 'total') ORDER BY l.n)
    FROM jsonb_array_elements(q.quote -> 'lines') WITH ORDINALITY AS l(line, n)))
FROM app.quote_order($2, 'EUR', $3::text::jsonb, '{}', NULL, true, false) AS q(quote) WHERE app.tenant_id() = $1
