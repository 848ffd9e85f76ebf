package bot

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/telegram/markup"
	"livedeskbot/bot/view"
	"livedeskbot/storage"
)

// placeSetup lets people set places up: what their tickets have, and their language.
type placeSetup struct{ handler }

// setup handles /setup: alone it shows what holds in this place, with options it sets defaults for the topic, in General and where
// there are no topics for the whole chat.
func (h placeSetup) setup(ctx context.Context, a asked) error {
	if a.private {
		return h.say(ctx, a, h.speak().Text("setup_private"))
	}
	may, err := h.access.mayAdminister(ctx, a.at.Chat, a.by)
	if err != nil {
		return err
	}
	if !may {
		return h.say(ctx, a, h.speak().Text("setup_forbidden"))
	}
	args := markup.Line(a.args)
	if args == "" {
		return h.showSetup(ctx, a)
	}
	if h.here, err = h.places.fresh(ctx, a.at.Chat, a.at.Thread); err != nil {
		return err
	}
	d, fault, err := h.changed(ctx, a, args)
	if err != nil {
		return err
	}
	if fault != "" {
		return h.say(ctx, a, fault)
	}
	if err := h.places.setDefaults(ctx, a.at.Chat, a.at.Thread, d); err != nil {
		return err
	}
	if h.here, err = h.holding(ctx, a); err != nil {
		return err
	}
	return h.showSetup(ctx, a)
}

// changed is what options make of the defaults of a place; fault says why they change nothing.
func (h placeSetup) changed(ctx context.Context, a asked, args string) (d defaults, fault string, err error) {
	d = h.here.of(a.at.Thread)
	d.Fields = maps.Clone(d.Fields)
	staff, err := h.access.isStaffIn(ctx, a.at.Chat, a.by)
	if err != nil {
		return d, "", err
	}
	if strings.EqualFold(args, "clear") {
		if staff {
			return defaults{}, "", nil
		}
		return defaults{EUID: d.EUID, Channel: d.Channel}, "", nil // only staff set these, so only they remove them
	}
	for args != "" {
		size, set := h.options().setting(args)
		if set == nil {
			return d, h.speak().Text("setup_unknown", "Word", markup.Shorten(args[:wordEnd(args)], 60)), nil
		}
		before := d
		set(&d)
		switch _, known := h.team(d.Team); {
		case !known:
			return d, h.speak().Text("setup_team", "Team", markup.Shorten(d.Team, 100), "Teams", h.view.TeamNames()), nil
		case !staff && (d.EUID != before.EUID || d.Channel != before.Channel):
			return d, h.speak().Text("setup_staff_only"), nil
		}
		d.Team, _ = h.team(d.Team)
		size += spaceEnd(args[size:])
		args = args[size:]
	}
	return d, "", nil
}

var settingForm = regexp.MustCompile(`^(?i:(team|euid|channel):|([A-Za-z][A-Za-z0-9_]*)=|([!#]))(\S*)`)

// setting reads what /setup takes at the beginning of a line, beyond the options of /ticket: nothing behind "team:", "key=", "!" or
// "#" removes a default, "euid:" and "channel:" are for staff. set is nil where there is nothing of that.
func (o options) setting(line string) (size int, set func(*defaults)) {
	if size, option := o.option(line); option != nil {
		var t ticketText
		option(&t)
		return size, func(d *defaults) { *d = t.defaults().over(*d) }
	}
	m := settingForm.FindStringSubmatch(line)
	if m == nil {
		return 0, nil
	}
	word, field, mark, value := strings.ToLower(m[1]), m[2], m[3], m[4]
	switch {
	case word == "euid":
		return len(m[0]), func(d *defaults) { d.EUID = value }
	case word == "channel":
		return len(m[0]), func(d *defaults) { d.Channel = value }
	case value != "":
		return 0, nil
	case word == "team":
		return len(m[0]), func(d *defaults) { d.Team = "" }
	case mark == "!":
		return len(m[0]), func(d *defaults) { d.Priority = "" }
	case mark == "#":
		return len(m[0]), func(d *defaults) { d.Type = "" }
	}
	return len(m[0]), func(d *defaults) { delete(d.Fields, field) }
}

// defaults are what a text's options say.
func (t ticketText) defaults() defaults {
	return defaults{Priority: t.priority, Type: t.ticketType, Team: t.team, Fields: t.fields}
}

// showSetup answers with what holds in a place, in General where its topic is closed.
func (h placeSetup) showSetup(ctx context.Context, a asked) error {
	s, err := h.shown(ctx, a.at.Chat, a.at.Thread, a.by.id)
	if err != nil {
		return err
	}
	at, id, err := h.outbox.Answer(ctx, a.at, h.view.Setup(h.speak(), s))
	if err != nil || id != 0 || a.at.Thread == 0 {
		return err
	}
	s.Obstacles = append(s.Obstacles, "setup_closed")
	_, _, err = h.outbox.Answer(ctx, telegram.Place{Chat: at.Chat}, h.view.Setup(h.speak(), s))
	return err
}

// shown is what holds in a place and why, and what stands in the bot's way, as a person is shown it.
func (h placeSetup) shown(ctx context.Context, chat, thread, person int64) (view.Setup, error) {
	p := h.here
	obstacles, err := h.obstacles(ctx, chat)
	return view.Setup{
		Chat: chat, Topic: thread, Person: person, Language: p.language(), Teams: h.cfg.Teams,
		OfTopic: p.topic.view(), OfChat: p.chat.view(), Obstacles: obstacles,
	}, err
}

// obstacles are the texts of what stands in the bot's way in a chat.
func (h placeSetup) obstacles(ctx context.Context, chat int64) ([]string, error) {
	rights, err := h.telegram.RightsIn(ctx, chat)
	if err != nil {
		return nil, err
	}
	var texts []string
	if !rights.SeesAll {
		texts = append(texts, "setup_privacy")
	}
	if !rights.Administrator {
		texts = append(texts, "setup_members") // Telegram tells about members only where the bot is an administrator
	}
	if !rights.MayWrite {
		texts = append(texts, "setup_no_write")
	}
	return texts, nil
}

// view is the defaults as they are shown.
func (d defaults) view() view.Defaults {
	v := view.Defaults{Priority: d.Priority, Type: d.Type, Team: d.Team, EUID: d.EUID, Channel: d.Channel}
	for _, key := range slices.Sorted(maps.Keys(d.Fields)) {
		v.Fields = append(v.Fields, key+"="+d.Fields[key])
	}
	return v
}

// pressSetup handles the buttons of /setup: a menu of values, or one of them.
func (h placeSetup) pressSetup(ctx context.Context, p pressed) (string, error) {
	thread, field, value, ok := view.ParseSetupButton(p.data)
	if !ok || p.chat == 0 || p.private {
		return h.speak().Text("press_unknown"), nil
	}
	may, err := h.access.mayAdminister(ctx, p.chat, p.by)
	if err != nil || !may {
		return h.speak().Text("press_admins_only"), err
	}
	// Forged data must not put these buttons below a ticket.
	if _, err := h.store.PostAt(ctx, p.chat, p.message); !errors.Is(err, storage.ErrNotFound) {
		return h.speak().Text("press_unknown"), err
	}
	if field == "menu" {
		return "", h.putButtons(ctx, p, h.view.SetupMenu(h.speak(), thread, value))
	}
	if known, err := h.put(ctx, p.chat, thread, field, value); err != nil || !known {
		return h.speak().Text("press_unknown"), err
	}
	return h.speak().Text("pressed_setup"), h.showAgain(ctx, p, thread)
}

// put stores one of the values that buttons offer. known is false where it is none.
func (h placeSetup) put(ctx context.Context, chat, thread int64, field, value string) (known bool, err error) {
	if field == "language" {
		return true, h.places.setLanguage(ctx, chat, thread, value)
	}
	p, err := h.places.fresh(ctx, chat, thread)
	if err != nil {
		return false, err
	}
	d, known := h.chosen(p.of(thread), field, value)
	if !known {
		return false, nil
	}
	return true, h.places.setDefaults(ctx, chat, thread, d)
}

// showAgain puts what holds in a place now in the place of what held before the press.
func (h placeSetup) showAgain(ctx context.Context, p pressed, thread int64) (err error) {
	if h.here, err = h.places.at(ctx, p.chat, thread); err != nil {
		return err
	}
	s, err := h.shown(ctx, p.chat, thread, p.by.id)
	if err != nil {
		return err
	}
	return h.replace(ctx, p, h.view.Setup(h.speak(), s))
}

// chosen are defaults with one of the values that buttons offer. known is false where it is none: the teams may be others by now.
func (h placeSetup) chosen(d defaults, field, value string) (_ defaults, known bool) {
	switch field {
	case "priority":
		d.Priority = value
	case "type":
		d.Type = value
	case "team":
		i := slices.IndexFunc(h.cfg.Teams, func(team string) bool { return view.TeamKey(team) == value })
		switch {
		case value == "":
			d.Team = ""
		case i < 0:
			return d, false
		default:
			d.Team = h.cfg.Teams[i]
		}
	default:
		return d, false
	}
	return d, true
}
