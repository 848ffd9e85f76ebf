package view

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"livedeskbot/bot/telegram/markup"
)

// Defaults are what the tickets of a place have where their command says nothing else.
type Defaults struct {
	Priority, Type, Team string
	Fields               []string // "key=value"
	EUID, Channel        string
}

// Setup is what /setup shows of a place.
type Setup struct {
	Chat, Topic, Person int64 // Topic 0: the whole chat
	Language            string
	OfTopic, OfChat     Defaults
	Teams               []string
	Obstacles           []string // ids of texts
}

// Setup shows what holds in a place and why, and what stands in the bot's way, with buttons to change it.
func (v *View) Setup(say Language, s Setup) markup.Message {
	lines := []string{say.Text("setup_head")}
	if s.Topic != 0 {
		lines = append(lines, say.Text("setup_topic", "Defaults", markup.HTML(s.OfTopic.words(say))))
	}
	lines = append(lines, say.Text("setup_chat", "Defaults", markup.HTML(s.OfChat.words(say))))
	name := s.Language
	if name == "" {
		name = v.cfg.Language
	}
	lines = append(lines, say.Text("setup_language", "Language", languageName(name)), "",
		say.Text("setup_ids", "Chat", strconv.FormatInt(s.Chat, 10), "Topic", strconv.FormatInt(s.Topic, 10),
			"Person", strconv.FormatInt(s.Person, 10)))
	lines = append(lines, say.Text("greeting_connected")) // elsewhere nothing is shown
	for _, id := range s.Obstacles {
		lines = append(lines, say.Text(id))
	}
	lines = append(lines, "", say.Text("setup_hint"))
	return markup.Message{Text: strings.Join(lines, "\n"), Buttons: v.SetupMenu(say, s.Topic, "")}
}

// words are the defaults on one line.
func (d Defaults) words(say Language) string {
	facts := say.facts(d.Priority, d.Type, d.Team)
	for _, f := range d.Fields[:min(len(d.Fields), maxFields)] {
		facts = append(facts, markup.Escape(markup.Isolate(markup.Shorten(f, maxName))))
	}
	if len(d.Fields) > maxFields {
		facts = append(facts, "…")
	}
	for _, option := range [][2]string{{"euid:", d.EUID}, {"channel:", d.Channel}} {
		if option[1] != "" {
			facts = append(facts, markup.Escape(option[0]+markup.Shorten(markup.Line(option[1]), maxName)))
		}
	}
	if len(facts) == 0 {
		return say.Text("setup_nothing")
	}
	return dotted(facts)
}

// SetupMenu are the buttons of /setup: its fields, or the values of one.
func (v *View) SetupMenu(say Language, thread int64, field string) [][]markup.Button {
	set := func(label, field, value string) markup.Button {
		return markup.Button{Label: label, Data: fmt.Sprintf("setup:%d:%s=%s", thread, field, value)}
	}
	var rows [][]markup.Button
	switch field {
	case "priority", "type":
		var row []markup.Button
		for _, value := range Choices[field] {
			row = append(row, set(markup.Plain(say.Word(field, value)), field, value))
		}
		rows = append(rows, row, []markup.Button{set(say.Text("button_none"), field, "")})
	case "team":
		for i, team := range v.cfg.Teams[:min(len(v.cfg.Teams), maxTeamButtons)] {
			if i%2 == 0 {
				rows = append(rows, nil)
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], set(markup.Shorten(team, 30), field, TeamKey(team)))
		}
		rows = append(rows, []markup.Button{set(say.Text("button_none"), field, "")})
	case "language":
		for i, tag := range Languages() {
			if i%3 == 0 {
				rows = append(rows, nil)
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], set(languageName(tag), field, tag))
		}
	default:
		first := []markup.Button{set(say.Text("button_priority"), "menu", "priority"), set(say.Text("button_type"), "menu", "type")}
		if len(v.cfg.Teams) > 0 {
			first = append(first, set(say.Text("button_team"), "menu", "team"))
		}
		return [][]markup.Button{first, {set(say.Text("button_language"), "menu", "language")}}
	}
	return append(rows, []markup.Button{set(say.Text("button_back"), "menu", "")})
}

// ParseSetupButton reads the data of a button of /setup.
func ParseSetupButton(data string) (thread int64, field, value string, ok bool) {
	parts := strings.SplitN(data, ":", 3)
	if len(parts) != 3 || parts[0] != "setup" {
		return 0, "", "", false
	}
	thread, err := strconv.ParseInt(parts[1], 10, 64)
	field, value, _ = strings.Cut(parts[2], "=")
	known := value == "" || field == "team" || field == "menu" || slices.Contains(Choices[field], value)
	if field == "language" { // there always is one
		known = slices.Contains(Languages(), value)
	}
	return thread, field, value, err == nil && thread >= 0 && known
}

// LanguageButtons offer the languages, each in its own name.
func LanguageButtons(thread int64) [][]markup.Button {
	var rows [][]markup.Button
	for i, tag := range Languages() {
		if i%3 == 0 {
			rows = append(rows, nil)
		}
		b := markup.Button{Label: languageName(tag), Data: fmt.Sprintf("lang:%d:%s", thread, tag)}
		rows[len(rows)-1] = append(rows[len(rows)-1], b)
	}
	return rows
}

// ParseLanguageButton reads the data of a button of /language.
func ParseLanguageButton(data string) (thread int64, tag string, ok bool) {
	parts := strings.SplitN(data, ":", 3)
	if len(parts) != 3 || parts[0] != "lang" || !slices.Contains(Languages(), parts[2]) {
		return 0, "", false
	}
	thread, err := strconv.ParseInt(parts[1], 10, 64)
	return thread, parts[2], err == nil && thread >= 0
}

// languageName is what a language calls itself.
func languageName(tag string) string {
	name := display.Self.Name(language.Make(tag))
	if name == "" {
		return tag
	}
	return name
}
