package view

import (
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"livedeskbot/bot/telegram/markup"
	"livedeskbot/livedesk"
)

// theirs are the details of a ticket as the vendor's example shows them.
func theirs(t *testing.T) livedesk.Ticket {
	t.Helper()
	raw, err := os.ReadFile("../../livedesk/testdata/details_ja.json")
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(raw) }))
	defer server.Close()
	client, err := livedesk.New(livedesk.Config{BaseURL: server.URL, Key: "k", Secret: "s"})
	require.NoError(t, err)
	ticket, err := client.Ticket(t.Context(), "tk_20251104_789abc")
	require.NoError(t, err)
	return ticket
}

// cards shows cards as people see them.
type cards struct {
	view   *View
	screen *screen
}

func newCards(t *testing.T) cards {
	t.Helper()
	v, err := New(Config{ConsoleURL: "https://desk.example.com/tickets/{ticket_id}"})
	require.NoError(t, err)
	return cards{v, newScreen(t)}
}

func (c cards) html(ticket livedesk.Ticket, who Audience) string {
	return c.view.Card(c.view.In("en"), ticket, who)
}

// show returns the messages that a card takes.
func (c cards) show(t *testing.T, ticket livedesk.Ticket, who Audience) []string {
	t.Helper()
	var shown []string
	for _, part := range markup.Split(c.html(ticket, who), markup.MaxText) {
		text := c.screen.show(t, part)
		require.LessOrEqual(t, markup.Length(text), markup.MaxText)
		require.NotContains(t, text, "<no value>")
		shown = append(shown, text)
	}
	require.NotEmpty(t, shown)
	return shown
}

func TestStaffSeeAllDetailsThereAre(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	ticket := theirs(t)
	shown := c.show(t, ticket, Staff)
	require.Len(t, shown, 1)
	for _, detail := range []string{
		"tk_20251104_789abc", "プリンター紙詰まり、印刷不可", "顧客よりA4用紙が排紙トレイで詰まったとの報告あり、緊急対応が必要。",
		"error.jpg", "Open", "High", "Incident", "contact_12345", "張三", "zhangsan@example.com", "+8613900000000",
		"inbox_100", "-1001234567890", "23232323", "u_12345, u_67890", "u_99999", "ITサポート, 5", "device_sn: PRN-2024-001",
		"エージェント李, u_12345, internal_member", "フィードバックを受け取りました。現在処理中です。", "progress.jpg", "report.pdf",
		"19 Nov 2025, 05:55 UTC", "In progress · 4 Nov 2025, 01:25 UTC · user, u_12345", "Resolved · 4 Nov 2025, 02:30 UTC · system",
		"printer, hardware", "4 Nov 2025, 02:00 UTC", "5 Nov 2025, 10:00 UTC", "4 Nov 2025, 01:20 UTC", "not breached",
		"★★★★★ 処理が早かった", "5 Nov 2025, 01:20 UTC", "4 Nov 2025, 01:15 UTC", "4 Nov 2025, 01:18 UTC",
	} {
		require.Contains(t, shown[0], detail)
	}
	for _, link := range []string{
		"https://example.com/files/error.jpg", "https://example.com/files/progress.jpg", "https://example.com/files/report.pdf",
		"https://desk.example.com/tickets/tk_20251104_789abc",
	} {
		require.Contains(t, c.html(ticket, Staff), `<a href="`+link+`">`)
	}
}

func TestCustomersSeeTheirTicketAndNothingThatIsNotTheirs(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	ticket := theirs(t)
	ticket.SLA.Breached = true
	ticket.Conversation = append(ticket.Conversation,
		livedesk.Message{Sender: livedesk.Sender{Type: livedesk.SenderInternalMember, Name: "secretive"}, Content: "secret note", Internal: true, SentAt: time.Now()},
		livedesk.Message{Sender: livedesk.Sender{Type: livedesk.SenderSystem, Name: "machine"}, Content: "secret event", SentAt: time.Now()},
		livedesk.Message{Sender: livedesk.Sender{Type: "contact", Name: "another"}, Content: "secret word", SentAt: time.Now()},
	)
	shown := strings.Join(c.show(t, ticket, Customers), "\n")
	for _, detail := range []string{
		"tk_20251104_789abc", "プリンター紙詰まり、印刷不可", "Open", "High", "Incident", "ITサポート", "1 file", "★★★★★ 処理が早かった",
		"Solution promised by 5 Nov 2025, 10:00 UTC", "エージェント李", "フィードバックを受け取りました。現在処理中です。", "2 files",
	} {
		require.Contains(t, shown, detail)
	}
	for _, secret := range []string{
		"contact_12345", "zhangsan", "+86139", "u_12345", "u_67890", "u_99999", "inbox_100", "-1001234567890", "23232323", "PRN-2024-001",
		"printer", "hardware", "breach", "example.com", "secret", "machine", "another", "internal",
	} {
		require.NotContains(t, c.html(ticket, Customers), secret)
		require.NotContains(t, shown, secret)
	}
}

func TestAMessageThatDoesNotSayItIsPublicStaysInternal(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	public := livedesk.Message{Sender: livedesk.Sender{Type: livedesk.SenderInternalMember}, Content: "for you"}
	for name, change := range map[string]func(*livedesk.Message){
		"internal":          func(m *livedesk.Message) { m.Internal = true },
		"system":            func(m *livedesk.Message) { m.Sender.Type = livedesk.SenderSystem },
		"nobody":            func(m *livedesk.Message) { m.Sender.Type = "" },
		"in capitals":       func(m *livedesk.Message) { m.Sender.Type = "INTERNAL_MEMBER" },
		"the customer":      func(m *livedesk.Message) { m.Sender.Type = "user" },
		"a kind of the bot": func(m *livedesk.Message) { m.Sender.Type = "bot " },
	} {
		m := public
		change(&m)
		ticket := livedesk.Ticket{ID: "tk_1", Title: "T", Conversation: []livedesk.Message{m}}
		require.NotContains(t, c.html(ticket, Customers), "for you", name)
		require.Contains(t, c.html(ticket, Staff), "for you", name)
	}
	ticket := livedesk.Ticket{ID: "tk_1", Title: "T", Conversation: []livedesk.Message{public}}
	require.Contains(t, c.html(ticket, Customers), "for you")
}

func TestTheNewestPublicReplyIsShownWhateverTheOrder(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	at := func(hour int, text string) livedesk.Message {
		return livedesk.Message{
			Sender: livedesk.Sender{Type: livedesk.SenderBot}, Content: text, SentAt: time.Date(2025, 1, 1, hour, 0, 0, 0, time.UTC)}
	}
	ticket := livedesk.Ticket{ID: "tk_1", Conversation: []livedesk.Message{at(2, "second"), at(3, "third"), at(1, "first")}}
	html := c.html(ticket, Customers)
	require.Contains(t, html, "third")
	require.NotContains(t, html, "second")
}

// Each value of a ticket is taken away in turn, and each is left alone with nothing else.
func TestACardNeedsNoneOfItsDetails(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	full := theirs(t)
	for i := range reflect.TypeFor[livedesk.Ticket]().NumField() {
		without, only := full, livedesk.Ticket{}
		field := reflect.ValueOf(&without).Elem().Field(i)
		reflect.ValueOf(&only).Elem().Field(i).Set(field)
		field.SetZero()
		for _, ticket := range []livedesk.Ticket{without, only, {}} {
			for _, who := range []Audience{Customers, Staff} {
				text := strings.Join(c.show(t, ticket, who), "\n")
				require.NotContains(t, text, " 0001", "a time that is not known")
				require.NotContains(t, text, "<nil>")
				require.NotContains(t, text, "null")
			}
		}
	}
}

func TestNothingInATicketBreaksItsCard(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	for name, bomb := range map[string]string{
		"tags":              `</b></blockquote></a><script>alert(1)</script><a href="tg://user?id=1">`,
		"half a tag":        `<b`,
		"references":        `&amp;lt; &lt; & &#60; &unknown; "'`,
		"Markdown":          "_*[x](tg://user?id=1)`~|",
		"a template":        "{{.Title}} {{template}}",
		"right to left":     "\u202eטקסט \u202dעברי\u2067 العربية",
		"control":           "a\x00b\x1b[31m\r\nc\u2028d",
		"broken UTF-8":      "a\xff\xfe\xed\xa0\x80z",
		"emoji":             "👩‍👩‍👧‍👦🇺🇦🏳️‍🌈",
		"many emoji":        strings.Repeat("👩‍👩‍👧‍👦", 800),
		"long":              strings.Repeat("слово ", 2000),
		"one word":          strings.Repeat("x", 20_000),
		"references, many":  strings.Repeat("&<>\"", 3000),
		"lines":             strings.Repeat("\n\n", 3000) + "end",
		"an address":        "https://x/\"><b>" + strings.Repeat("&a=ü", 5000),
		"an address, plain": "http://x y/\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ticket := theirs(t)
			fill(reflect.ValueOf(&ticket).Elem(), bomb)
			require.LessOrEqual(t, len(c.show(t, ticket, Customers)), 2)
			require.LessOrEqual(t, len(c.show(t, ticket, Staff)), 5)
		})
	}
}

func TestACardOfATicketWithoutEndIsBounded(t *testing.T) {
	t.Parallel()
	c := newCards(t)
	ticket := theirs(t)
	for range 10 { // a thousandfold
		ticket.Attachments = append(ticket.Attachments, ticket.Attachments...)
		ticket.Conversation = append(ticket.Conversation, ticket.Conversation...)
		ticket.StatusChanges = append(ticket.StatusChanges, ticket.StatusChanges...)
		ticket.Tags = append(ticket.Tags, ticket.Tags...)
		ticket.Followers = append(ticket.Followers, ticket.Followers...)
	}
	ticket.Conversation[len(ticket.Conversation)-1].Attachments = ticket.Attachments
	require.LessOrEqual(t, len(c.show(t, ticket, Customers)), 2)
	require.LessOrEqual(t, len(c.show(t, ticket, Staff)), 20)
}

// fill puts a text into every string of a value, LiveDesk's open word lists included.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), text)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if v.Type() != reflect.TypeFor[time.Time]() && field.CanSet() {
				fill(field, text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Map:
		v.SetMapIndex(reflect.ValueOf(text), reflect.ValueOf(any(text)))
	}
}
