package storage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"livedeskbot/storage"
	"livedeskbot/storage/storagetest"
)

// What people wait for, and what the bot does all the time, must not read more the more there is: neither of what is finished,
// nor of what is due after a long outage. So each statement is tried beforehand, in the state and on the connection in which it is about
// to run, planned both for its arguments and for any: Postgres changes from one to the other when a statement has run five times.
func TestNoStatementReadsMoreTheMoreThereIs(t *testing.T) {
	t.Parallel()
	e := &explainer{t: t}
	y := e.years(20_000, 2_000)
	for n, errand := range errands {
		e.most = errand.most
		e.errand = errand.name
		require.NoError(t, errand.run(t.Context(), y, 200_000_000+n), errand.name)
		e.most = 0
	}
}

// A plan that serves for any arguments is kept for a long time, so one that is made while there are few tickets must not be right for
// these alone.
func TestAPlanThatIsMadeForFewTicketsServesForMany(t *testing.T) {
	t.Parallel()
	e := &explainer{t: t, scanned: "tickets"}
	y := e.years(200, 100)
	i := slices.IndexFunc(errands, func(errand errand) bool { return errand.name == "a ticket, from its message to its card" })
	for n := range 2 {
		e.most, e.errand = 1_000_000, errands[i].name
		require.NoError(t, errands[i].run(t.Context(), y, 200_000_000+n))
		e.most = 0
	}
}

// explainer tries statements before they run and reads how Postgres did them.
type explainer struct {
	t       *testing.T
	errand  string
	scanned string // table that no plan for any arguments may read whole, however small it is
	most    int    // rows that a part of the plan may read; 0: they are not looked at
}

type explained struct{}

// years is a filled database whose statements are tried.
func (e *explainer) years(finished, open int) *years {
	config, err := pgxpool.ParseConfig(storagetest.New(e.t))
	require.NoError(e.t, err)
	config.ConnConfig.Tracer = e
	pool, err := pgxpool.NewWithConfig(e.t.Context(), config)
	require.NoError(e.t, err)
	e.t.Cleanup(pool.Close)
	return newYears(e.t, storage.On(pool).For(bot), finished, open)
}

func (e *explainer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	e.try(ctx, conn, []*pgx.QueuedQuery{{SQL: data.SQL, Arguments: data.Args}})
	return ctx
}

func (e *explainer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (e *explainer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	e.try(ctx, conn, data.Batch.QueuedQueries)
	return ctx
}

func (e *explainer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (e *explainer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// try explains statements in a transaction of their own, or in a part of the one that is open. It runs in goroutines of the store too,
// which must go on where the test has failed.
func (e *explainer) try(ctx context.Context, conn *pgx.Conn, statements []*pgx.QueuedQuery) {
	if e.most == 0 || ctx.Value(explained{}) != nil {
		return
	}
	ctx = context.WithValue(ctx, explained{}, true)
	begin, end := "BEGIN", "ROLLBACK"
	if conn.PgConn().TxStatus() == 'T' {
		begin, end = "SAVEPOINT explained", "ROLLBACK TO explained"
	}
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		_, err := conn.Exec(ctx, begin+"; SET LOCAL plan_cache_mode = "+mode, pgx.QueryExecModeSimpleProtocol)
		for _, s := range statements {
			if err == nil {
				err = e.explain(ctx, conn, s, mode)
			}
		}
		if _, ended := conn.Exec(ctx, end, pgx.QueryExecModeSimpleProtocol); err != nil || ended != nil {
			e.t.Errorf("%s: %v %v", e.errand, err, ended)
		}
	}
}

// plan is a part of a plan, as Postgres tells it.
type plan struct {
	Node     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Joined   float64 `json:"Rows Removed by Join Filter"`
	Hit      int     `json:"Shared Hit Blocks"`
	Read     int     `json:"Shared Read Blocks"`
	Plans    []plan
}

// explain runs a statement and judges its plan, if it is one that has a plan.
func (e *explainer) explain(ctx context.Context, conn *pgx.Conn, s *pgx.QueuedQuery, mode string) error {
	sql, args := s.SQL, s.Arguments
	if len(args) > 0 {
		if rewriter, ok := args[0].(pgx.QueryRewriter); ok {
			var err error
			if sql, args, err = rewriter.RewriteQuery(ctx, conn, sql, args[1:]); err != nil {
				return err
			}
		}
	}
	if !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}, strings.Fields(sql)[0]) {
		return nil
	}
	const name = "explained"
	prepared, err := conn.Prepare(ctx, name, sql)
	if err != nil {
		return err
	}
	defer conn.Deallocate(ctx, name)
	call := name
	for i, arg := range args {
		text, err := conn.TypeMap().Encode(prepared.ParamOIDs[i], pgtype.TextFormatCode, arg, []byte{})
		if err != nil {
			return err
		}
		value := "NULL"
		if text != nil {
			value = "'" + strings.ReplaceAll(string(text), "'", "''") + "'"
		}
		call += ", " + value
	}
	if len(args) > 0 {
		call = strings.Replace(call, ",", "(", 1) + ")"
	}
	var plans []struct{ Plan plan }
	err = conn.QueryRow(ctx, "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE "+call, pgx.QueryExecModeSimpleProtocol).Scan(&plans)
	if err != nil {
		return fmt.Errorf("%w in %s", err, call)
	}
	e.judge(plans[0].Plan, mode, sql)
	return nil
}

// judge fails the test where a part of a plan reads too much, or all of a table that grows.
func (e *explainer) judge(p plan, mode, sql string) {
	rows := int(p.Rows*p.Loops + p.Filtered*p.Loops + p.Joined*p.Loops)
	what := fmt.Sprintf("%s: %s %s %s reads %d rows, %d pages (%s) in %s", e.errand, p.Node, p.Relation, p.Index, rows, p.Hit+p.Read, mode, sql)
	onlyIndex := strings.HasPrefix(p.Node, "Bitmap Index") || strings.HasPrefix(p.Node, "Index Only")
	if rows > e.most && !onlyIndex { // of an index alone a page has hundreds
		e.t.Error(what)
	}
	if p.Node == "Seq Scan" && e.scanned != "" && p.Relation == e.scanned && mode == "force_generic_plan" {
		e.t.Error(what)
	}
	if len(p.Plans) == 0 && p.Hit+p.Read > 4*e.most {
		e.t.Error(what)
	}
	for _, child := range p.Plans {
		e.judge(child, mode, sql)
	}
}
