package bot

import (
	"context"
	"time"

	"livedeskbot/storage"
)

// Policy is what becomes of those about whom nobody has decided anything. The zero value lets nobody in.
type Policy string

// The policies. Any and No are for chats and for people in private.
const (
	Ask   Policy = "ask"   // of chats: staff are asked
	Known Policy = "known" // of people in private: who has to do with a connected chat may use the bot
	Any   Policy = "any"
	No    Policy = "no"
)

const (
	// freshConnection is how long the database's word on chats and blocked people counts, and so how long another replica may not
	// know what was decided here.
	freshConnection = 3 * time.Second
	// freshMembership is how long Telegram's word on who is in a chat counts.
	freshMembership = time.Minute
	// freshUse is how long it counts that a use of the bot is stored.
	freshUse = time.Hour
	// maxAcquaintances is how many groups are looked at to find out whether a person is known.
	maxAcquaintances = 50
)

// membershipKey is a person in a chat.
type membershipKey struct{ chat, person int64 }

// bar is why the bot does nothing for somebody; also the kind of the hint that says so.
type bar string

const (
	barNone    bar = ""
	barBlocked bar = "blocked"
	barChat    bar = "chat"    // the group is not connected
	barPrivate bar = "private" // the person is not known
)

// bar says why the bot does nothing for a person in a chat.
func (a access) bar(ctx context.Context, chat, by int64) (bar, error) {
	if staff, err := a.isStaffChat(ctx, chat); err != nil || staff {
		return barNone, err
	}
	blocked, err := a.isBlocked(ctx, by)
	if err != nil {
		return barNone, err
	}
	allowed, otherwise := a.connected, barChat
	if chat > 0 {
		allowed, otherwise = a.mayAlone, barPrivate
	}
	// A blocked person hears so only where the bot works.
	if ok, err := allowed(ctx, chat); err != nil || !ok {
		return otherwise, err
	}
	if blocked {
		return barBlocked, nil
	}
	return barNone, nil
}

// connected reports whether the bot works in a chat. Of a private chat this says only that it has nothing to do with groups
// that are not.
func (a access) connected(ctx context.Context, chat int64) (bool, error) {
	if chat >= 0 {
		return true, nil
	}
	c, err := a.connection(ctx, chat)
	return c.Connected(), err
}

// isStaffChat reports whether the members of a chat are staff.
func (a access) isStaffChat(ctx context.Context, chat int64) (bool, error) {
	if a.staffChats[chat] {
		return true, nil
	}
	if chat >= 0 || len(a.staffChats) == 0 {
		return false, nil
	}
	c, err := a.connection(ctx, chat)
	return c.Staff(), err
}

// connection is what is known of a chat.
func (a access) connection(ctx context.Context, chat int64) (storage.Connection, error) {
	if c, ok := a.remembered(chat); ok {
		return c, nil
	}
	known, err := a.look(ctx, []int64{chat})
	return known[chat], err
}

// remembered is what settings say of a chat, or what the database said a moment ago.
func (a access) remembered(chat int64) (c storage.Connection, ok bool) {
	switch {
	case a.staffChats[chat]:
		return storage.Connection{ChatID: chat, Named: storage.NamedStaff}, true
	case a.chats[chat]:
		return storage.Connection{ChatID: chat, Named: storage.NamedChat}, true
	}
	return a.connections.get(chat)
}

// look finds out which of some chats are connected, without the database where that was asked a moment ago. That a chat is
// not connected is never remembered: staff may have allowed it just now, through another replica.
func (a access) look(ctx context.Context, chats []int64) (map[int64]storage.Connection, error) {
	known := map[int64]storage.Connection{}
	var ask []int64
	for _, chat := range chats {
		if c, ok := a.remembered(chat); ok {
			known[chat] = c
		} else {
			ask = append(ask, chat)
		}
	}
	if len(ask) == 0 {
		return known, nil
	}
	remember := a.connections.begin()
	stored, err := a.stored(ctx, ask)
	for _, c := range stored {
		known[c.ChatID] = c
		if c.Connected() {
			remember(c.ChatID, c)
		}
	}
	return known, err
}

// stored is what the database knows of chats. Where any chat may use the bot, those of which nothing was decided are connected now.
func (a access) stored(ctx context.Context, chats []int64) ([]storage.Connection, error) {
	remember := a.places.begin()
	stored, set, err := a.store.ConnectionsAndPlaces(ctx, a.telegram.BotID, chats)
	if err == nil {
		remember(stored, set)
	}
	if err != nil || a.newChats != Any {
		return stored, err
	}
	undecided := map[int64]bool{}
	for _, chat := range chats {
		undecided[chat] = chat < 0
	}
	for _, c := range stored {
		undecided[c.ChatID] = undecided[c.ChatID] && (c.State == storage.ChatNew || c.State == storage.ChatAsked)
	}
	var connect []int64
	for chat, is := range undecided {
		if is {
			connect = append(connect, chat)
		}
	}
	if len(connect) == 0 {
		return stored, nil
	}
	if err := a.store.ConnectUndecided(ctx, a.telegram.BotID, connect); err != nil {
		return nil, err
	}
	return a.store.Connections(ctx, a.telegram.BotID, chats)
}

// isBlocked reports whether a person is blocked.
func (a access) isBlocked(ctx context.Context, person int64) (bool, error) {
	if blocked, ok := a.blocked.get(struct{}{}); ok {
		return blocked[person], nil
	}
	remember := a.blocked.begin()
	people, err := a.store.Blocked(ctx, a.telegram.BotID)
	if err != nil {
		return false, err
	}
	blocked := map[int64]bool{}
	for _, p := range people {
		blocked[p] = true
	}
	remember(struct{}{}, blocked)
	return blocked[person], nil
}

// isStaff reports whether a person is staff. Where Telegram does not say who is in a staff chat, nobody is by membership.
func (a access) isStaff(ctx context.Context, person int64) (bool, error) {
	if _, ok := a.members[person]; ok || a.staffChats[person] {
		return true, nil
	}
	if person <= 0 || len(a.staffChats) == 0 {
		return false, nil
	}
	chats, err := a.allStaffChats(ctx)
	if err != nil {
		return false, err
	}
	for _, chat := range chats {
		if in, err := a.isMember(ctx, chat, person); err != nil || in {
			return in, err
		}
	}
	return false, nil
}

// allStaffChats are the staff chats as they are now.
func (a access) allStaffChats(ctx context.Context) ([]int64, error) {
	if chats, ok := a.staff.get(struct{}{}); ok {
		return chats, nil
	}
	remember := a.staff.begin()
	chats, err := a.store.StaffChats(ctx, a.telegram.BotID)
	if err == nil {
		remember(struct{}{}, chats)
	}
	return chats, err
}

// isMember reports whether a person is in a chat, as Telegram said within the last minute.
func (a access) isMember(ctx context.Context, chat, person int64) (bool, error) {
	if chat > 0 {
		return chat == person, nil
	}
	key := membershipKey{chat, person}
	if in, ok := a.memberships.get(key); ok {
		return in, nil
	}
	remember := a.memberships.begin()
	m, err := a.telegram.Member(ctx, chat, person)
	if err == nil {
		remember(key, m.In)
	}
	return m.In, err
}

// mayAlone reports whether a person may use the bot in private. What the database knows is asked before Telegram.
func (a access) mayAlone(ctx context.Context, person int64) (bool, error) {
	if a.private == Any || a.chats[person] || a.staffChats[person] {
		return true, nil
	}
	if a.private == Known {
		if known, err := a.isKnown(ctx, person); err != nil || known {
			return known, err
		}
	}
	return a.isStaff(ctx, person)
}

// isKnown reports whether a person has used the bot in a chat that is connected, or is a member of one that a ticket of theirs
// belongs to. Staff are known as staff, and no longer than that.
func (a access) isKnown(ctx context.Context, person int64) (bool, error) {
	used, err := a.groupsUsed(ctx, person)
	if err != nil {
		return false, err
	}
	known, err := a.look(ctx, append([]int64{person}, used...)) // it may have been in use in private before there were connections
	if err != nil || known[person].Connected() {
		return err == nil, err
	}
	for _, group := range used {
		if c := known[group]; c.Connected() && !c.Staff() {
			return true, nil
		}
	}
	return a.belongsByTicket(ctx, person)
}

// groupsUsed are the groups in which a person has used the bot. That there are none is not remembered: it may change with their next
// step.
func (a access) groupsUsed(ctx context.Context, person int64) ([]int64, error) {
	if groups, ok := a.usedIn.get(person); ok {
		return groups, nil
	}
	remember := a.usedIn.begin()
	groups, err := a.store.UsedIn(ctx, a.telegram.BotID, person, maxAcquaintances)
	if err == nil && len(groups) > 0 {
		remember(person, groups)
	}
	return groups, err
}

// belongsByTicket reports whether a person is a member of a connected chat that a ticket of theirs belongs to.
func (a access) belongsByTicket(ctx context.Context, person int64) (bool, error) {
	groups, err := a.store.TicketsIn(ctx, a.telegram.BotID, person, maxAcquaintances)
	if err != nil {
		return false, err
	}
	known, err := a.look(ctx, groups)
	if err != nil {
		return false, err
	}
	for _, group := range groups {
		if c := known[group]; !c.Connected() || c.Staff() {
			continue
		}
		if in, err := a.isMember(ctx, group, person); err != nil || in {
			return in, err
		}
	}
	return false, nil
}

// noteUse stores that a person uses the bot in a group, once.
func (a access) noteUse(ctx context.Context, chat int64, by person) error {
	key := membershipKey{chat, by.id}
	if _, stored := a.uses.get(key); stored || chat >= 0 || !by.user {
		return nil
	}
	if staff, err := a.isStaffChat(ctx, chat); err != nil || staff {
		return err
	}
	remember := a.uses.begin()
	if err := a.store.NoteUse(ctx, a.telegram.BotID, by.id, chat); err != nil {
		return err
	}
	remember(key, struct{}{})
	a.usedIn.forget(by.id)
	return nil
}
