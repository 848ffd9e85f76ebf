-- +goose Up

-- Adding columns with constant defaults rewrites nothing, so the lock is short however many rows there are.
ALTER TABLE tickets
    ADD COLUMN missed_at  timestamptz,                    -- since when LiveDesk has not known it while it knew others
    ADD COLUMN rebuffs    integer NOT NULL DEFAULT 0,     -- how often it alone was turned away: others were accepted in between
    ADD COLUMN rebuffed_at timestamptz;                   -- when that last was counted

-- +goose Down
ALTER TABLE tickets DROP COLUMN missed_at, DROP COLUMN rebuffs, DROP COLUMN rebuffed_at;
