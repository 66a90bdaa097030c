SELECT json_build_object('currency', q.quote -> 'currency', 'source', q.quote -> 'source', 'subtotal', q.quote -> 'subtotal', 'discount', q.quote -> 'discount',
    'tax', q.quote -> 'tax', 'total', q.quote -> 'total', 'lines', (
        SELECT json_agg(json_build_object('quantity', l.line -> 'quantity', 'subtotal', l.line -> 'subtotal', 'discount', l.line -> 'discount', 'tax', l.line -> 'tax',
                                          'total', l.line -> 'total') ORDER BY l.n)
        FROM jsonb_array_elements(q.quote -> 'lines') WITH ORDINALITY AS l(line, n)))
FROM app.preview_order($2, 'EUR', $3::text::jsonb, '{}', NULL, true, false) AS p(answer) CROSS JOIN LATERAL jsonb_extract_path(p.answer, 'quote') AS q(quote) WHERE app.tenant_id() = $1
