package service

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"livedeskbot/bot"
	"livedeskbot/storage"
)

// forget removes what is stored about a person, beside services that run, and prints how many rows of which table that were.
func forget(ctx context.Context, c config, log *slog.Logger, stdout io.Writer) error {
	db, err := openDatabase(ctx, c, log)
	if err != nil {
		return err
	}
	defer db.close()
	if err := storage.Migrate(ctx, db.store.Pool(), log); err != nil {
		return err
	}
	removed, later, err := bot.Forget(ctx, string(c.telegramToken), db.store, c.ids[0])
	nothing := true
	for _, r := range removed {
		if r.Rows > 0 {
			fmt.Fprintf(stdout, "%s: %d\n", r.Table, r.Rows)
			nothing = false
		}
	}
	switch {
	case err != nil:
		return err
	case nothing:
		fmt.Fprintln(stdout, "nothing is stored about this person")
	default:
		fmt.Fprintln(stdout, "forgotten")
	}
	if later {
		fmt.Fprintln(stdout, "what is being handled at the moment is forgotten by the service, within a minute while it runs")
	}
	return nil
}
