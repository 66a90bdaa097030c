WITH book AS MATERIALIZED (
    SELECT b.enrollment_id, b.name, b.current_grade, b.final_grade FROM app.grade_book() AS b
    WHERE b.tenant_id = $1 AND b.course_id = $2 ORDER BY b.name COLLATE "und-x-icu", b.enrollment_id LIMIT 100
), work AS MATERIALIZED (
    SELECT g.enrollment_id, json_agg(json_build_object('percent', g.percent, 'isMissing', g.is_missing) ORDER BY s.position, l.position, l.id) AS grades
    FROM app.grades_of(ARRAY(SELECT b.enrollment_id FROM book b)) AS g
    JOIN lesson l ON l.tenant_id = $1 AND l.id = g.lesson_id JOIN section s ON s.tenant_id = $1 AND s.id = l.section_id GROUP BY g.enrollment_id
)
SELECT json_build_object('course', (SELECT json_build_object('gradeBook', json_build_object('nodes', (
        SELECT coalesce(json_agg(json_build_object('currentGrade', b.current_grade, 'finalGrade', b.final_grade, 'grades', coalesce(w.grades, '[]'))
            ORDER BY b.name COLLATE "und-x-icu", b.enrollment_id), '[]')
        FROM book b LEFT JOIN work w ON w.enrollment_id = b.enrollment_id)))
    FROM course c WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL))
