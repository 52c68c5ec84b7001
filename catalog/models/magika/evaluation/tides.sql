CREATE TABLE harbour (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  latitude REAL
);

CREATE TABLE tide (
  harbour INTEGER REFERENCES harbour(id),
  moment TEXT NOT NULL,
  height REAL
);

INSERT INTO harbour (id, name, latitude) VALUES (1, 'Oban', 56.41), (2, 'Portree', 57.41);

SELECT harbour.name, MAX(tide.height) AS highest
FROM tide JOIN harbour ON harbour.id = tide.harbour
WHERE tide.moment LIKE '2026-03-%'
GROUP BY harbour.name
ORDER BY highest DESC;
