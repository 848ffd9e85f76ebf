package bottest

import (
	"strings"

	"github.com/stretchr/testify/require"
)

// Value is a metric of the bot that was started last, summed over the series that have the given labels: name, value and
// so on. Of a histogram it is how often something was observed.
func (w *World) Value(name string, labels ...string) (sum float64) {
	w.t.Helper()
	families, err := w.Bot().Metrics().Gather()
	require.NoError(w.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			values := map[string]string{}
			for _, l := range m.GetLabel() {
				values[l.GetName()] = l.GetValue()
			}
			if f.GetName() == name && has(values, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

// has reports whether a series has all the labels: name, value and so on.
func has(values map[string]string, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		if values[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

// Ready waits until the readiness of the bot that was started last is as wanted: empty for ready, else a part of what is said.
func (w *World) Ready(want string) {
	w.t.Helper()
	w.Eventually(func() bool {
		err := w.Bot().Ready(w.t.Context())
		if want == "" || err == nil {
			return err == nil && want == ""
		}
		return strings.Contains(err.Error(), want)
	})
}
