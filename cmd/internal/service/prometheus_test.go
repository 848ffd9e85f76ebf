package service

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/logtest"
	"livedeskbot/bot/telegram/telegramtest"
)

func TestPrometheusAnswersTheDashboardAndUnderstandsTheAlerts(t *testing.T) {
	t.Parallel()
	if os.Getenv("PROMETHEUS") == "" {
		t.Log("PROMETHEUS names no program, so neither the dashboard nor the alerts were tried; .ci/run installs it")
		return
	}
	s := newStage(t, telegramtest.Options{})
	s.env["NEW_CHATS"], s.env["LIVEDESK_WEBHOOK_SECRET"] = "any", deskSecret
	service := s.serve()
	service.becomes("/readyz", http.StatusOK)
	p := scrape(t, service)
	chat, alice := s.telegram.NewSupergroup("S"), s.telegram.NewPerson("Alice")
	_, err := s.telegram.WaitReply(t.Context(), s.telegram.Say(alice, chat, "/ticket watched"))
	require.NoError(t, err)

	for _, query := range dashboardQueries(t) {
		p.eventually(func() bool { return p.results(query) > 0 }, "no answer to %s", query)
	}
	p.eventually(func() bool { return p.results(`ALERTS{alertname!="LivedeskbotDown"}`) == 0 }, "a bot at work alerts somebody")
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.eventually(func() bool {
		p.ask("rules", nil, &rules)
		return len(rules.Groups) == 1 && rules.Groups[0].Rules[len(rules.Groups[0].Rules)-1].Health == "ok"
	}, "the rules are not evaluated")
	for _, rule := range rules.Groups[0].Rules {
		require.Equal(t, "ok", rule.Health, "%s: %s", rule.Name, rule.LastError)
	}
	service.end()
	require.Zero(t, <-service.done)
	p.eventually(func() bool { return p.results(`ALERTS{alertname="LivedeskbotDown"}`) == 1 }, "nobody hears that the bot is down")
}

// dashboardQueries are the queries of all panels of the dashboard.
func dashboardQueries(t *testing.T) (queries []string) {
	t.Helper()
	content, err := os.ReadFile("../../../deploy/grafana-dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	require.NoError(t, json.Unmarshal(content, &dashboard))
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, strings.ReplaceAll(target.Expr, "$__rate_interval", "10s"))
		}
	}
	require.NotEmpty(t, queries)
	return queries
}

// prometheus is a real Prometheus.
type prometheus struct {
	t       *testing.T
	address string
	logs    *logtest.Buffer
}

var prometheusAddress = regexp.MustCompile(`msg="Listening on".* address=([0-9.:]+)`)

// scrape runs a Prometheus that scrapes a service each second, with the rules of the alerts.
func scrape(t *testing.T, service *running) *prometheus {
	t.Helper()
	rules, err := filepath.Abs("../../../deploy/alerts.yaml")
	require.NoError(t, err)
	folder := t.TempDir()
	config := filepath.Join(folder, "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: livedeskbot
    static_configs: [{targets: [%q]}]
`, rules, service.address()), 0o600))

	p := &prometheus{t: t, logs: &logtest.Buffer{}}
	cmd := exec.Command(os.Getenv("PROMETHEUS"), "--config.file="+config, "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--web.listen-address=127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = p.logs, p.logs
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // how it ends is not ours
	})
	p.eventually(func() bool {
		m := prometheusAddress.FindStringSubmatch(p.logs.String())
		if m != nil {
			p.address = m[1]
		}
		return m != nil
	}, "it does not listen")
	return p
}

// eventually waits until something has come true.
func (p *prometheus) eventually(is func() bool, format string, args ...any) {
	p.t.Helper()
	require.Eventually(p.t, is, time.Minute, 100*time.Millisecond, "%s\n%s", fmt.Sprintf(format, args...), p.logs)
}

// results is how many series answer a query.
func (p *prometheus) results(query string) int {
	var data struct{ Result []any }
	p.ask("query", url.Values{"query": {query}}, &data)
	return len(data.Result)
}

// ask calls Prometheus' API.
func (p *prometheus) ask(what string, params url.Values, data any) {
	p.t.Helper()
	res, err := http.Get("http://" + p.address + "/api/v1/" + what + "?" + params.Encode())
	require.NoError(p.t, err)
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	require.NoError(p.t, json.NewDecoder(res.Body).Decode(&answer))
	require.Equal(p.t, "success", answer.Status, "%s: %s", params, answer.Error)
}
