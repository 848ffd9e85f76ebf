package bot

import (
	"context"
	"slices"
	"strconv"

	"livedeskbot/bot/telegram"
	"livedeskbot/bot/view"
	"livedeskbot/livedesk"
	"livedeskbot/storage"
)

// access decides who may do and see what. Nothing else does. connected.go has the part of it that says who may use the bot at all.
type access struct {
	staffChats map[int64]bool   // as settings name them
	chats      map[int64]bool   // as CHATS names them
	members    map[int64]string // staff by their Telegram user
	newChats   Policy
	private    Policy
	channel    string // LiveDesk's, of the requester's channel contact
	store      *storage.Store
	telegram   *telegram.Client
	places     *places // are asked for together with connections
	answers
}

// answers are what the database and Telegram said a moment ago.
type answers struct {
	connections *memory[int64, storage.Connection] // of chats that are connected; of others nothing is remembered
	blocked     *memory[struct{}, map[int64]bool]
	staff       *memory[struct{}, []int64] // staff chats, with the supergroups that they became
	memberships *memory[membershipKey, bool]
	uses        *memory[membershipKey, struct{}] // that are stored
	usedIn      *memory[int64, []int64]          // groups in which a person used the bot, where there are any
}

func newAnswers() answers {
	return answers{
		connections: newMemory[int64, storage.Connection](freshConnection),
		blocked:     newMemory[struct{}, map[int64]bool](freshConnection),
		staff:       newMemory[struct{}, []int64](freshConnection),
		memberships: newMemory[membershipKey, bool](freshMembership),
		uses:        newMemory[membershipKey, struct{}](freshUse),
		usedIn:      newMemory[int64, []int64](freshConnection),
	}
}

func newAccess(cfg Config, store *storage.Store, api *telegram.Client) access {
	a := access{
		staffChats: map[int64]bool{}, chats: map[int64]bool{}, members: cfg.StaffMembers, newChats: cfg.NewChats, private: cfg.Private,
		channel: cfg.ChannelID, store: store, telegram: api, places: newPlaces(api.BotID, store),
		answers: newAnswers(),
	}
	for _, chat := range cfg.AllStaffChats() {
		a.staffChats[chat] = true
	}
	for _, chat := range cfg.Chats {
		a.chats[chat] = true
	}
	return a
}

// reader is who will read an answer.
type reader struct {
	chat     int64
	person   int64
	private  bool
	channels []string // of LiveDesk that places of the chat belong to, beside the operator's
}

// audience says as what the readers of a chat may see a ticket. ours are the rows with its number, desk is what LiveDesk
// says of it, nil where it says nothing.
func (a access) audience(ctx context.Context, r reader, ours []storage.Ticket, desk *livedesk.Ticket) (view.Audience, error) {
	if staff, err := a.isStaffChat(ctx, r.chat); err != nil || staff {
		return view.Staff, err
	}
	for _, t := range ours {
		if t.ChatID == r.chat {
			return view.Customers, nil
		}
		if ok, err := a.ownElsewhere(ctx, r, t); err != nil || ok {
			return view.Customers, err
		}
	}
	if desk != nil && desk.Requester.ChannelContacts != nil {
		c := desk.Requester.ChannelContacts
		if (c.ChannelID == a.channel || slices.Contains(r.channels, c.ChannelID)) && c.ContactID == strconv.FormatInt(r.chat, 10) {
			return view.Customers, nil
		}
	}
	return view.Nobody, nil
}

// ownElsewhere reports whether a private chat's person made or follows a ticket of a connected chat that they are still a
// member of.
func (a access) ownElsewhere(ctx context.Context, r reader, t storage.Ticket) (bool, error) {
	if !r.private {
		return false, nil
	}
	follows, err := a.store.Follows(ctx, t.ID, r.person)
	if err != nil || !follows {
		return false, err
	}
	return a.belongs(ctx, r, t.ChatID)
}

// belongs reports whether a private chat's person is a member of a chat that is connected. In their private chat they are at home.
func (a access) belongs(ctx context.Context, r reader, chat int64) (bool, error) {
	if chat == r.chat {
		return true, nil
	}
	if connected, err := a.connected(ctx, chat); err != nil || !connected {
		return false, err
	}
	member, err := a.telegram.Member(ctx, chat, r.person)
	return member.In, err
}

// mayDecide reports whether a person may decide about an unconfirmed ticket: who asked for it, administrators of the chat and
// staff; in its feed anybody.
func (a access) mayDecide(ctx context.Context, p pressed, t storage.Ticket) (bool, error) {
	if _, staff := a.members[p.by.id]; staff || p.feed || p.by.id == t.SenderID {
		return true, nil
	}
	if p.private {
		return false, nil // a private chat has no administrators
	}
	member, err := a.telegram.Member(ctx, p.chat, p.by.id)
	return member.Admin, err
}

// isRequester reports whether a person asked for a ticket. Where one of a group's administrators did so anonymously, each of them may
// have been it.
func (a access) isRequester(ctx context.Context, who int64, t storage.Ticket) (bool, error) {
	if t.SenderID != t.ChatID || t.SenderID > 0 {
		return who == t.SenderID, nil
	}
	member, err := a.telegram.Member(ctx, t.ChatID, who)
	return member.Admin, err
}

// mayJudge reports whether a person may say whether a ticket is solved: who asked for it, and who follows it.
func (a access) mayJudge(ctx context.Context, who int64, t storage.Ticket) (bool, error) {
	if follows, err := a.store.Follows(ctx, t.ID, who); err != nil || follows {
		return follows, err
	}
	return a.isRequester(ctx, who, t)
}

// mayChange reports whether a person may change a ticket by its buttons: who asked for it, and staff.
func (a access) mayChange(ctx context.Context, p pressed, t storage.Ticket) (bool, error) {
	if _, member := a.members[p.by.id]; member || p.feed || p.by.id == t.SenderID {
		return true, nil
	}
	return a.isStaffChat(ctx, p.chat)
}

// mayAdminister reports whether a person may set things for a group: its administrators, anonymous ones too, and staff.
func (a access) mayAdminister(ctx context.Context, chat int64, who person) (bool, error) {
	if !who.user {
		return who.id == chat, nil // an anonymous administrator writes in the name of the group itself
	}
	if m, err := a.telegram.Member(ctx, chat, who.id); err != nil || m.Admin {
		return m.Admin, err
	}
	return a.isStaffIn(ctx, chat, who)
}

// isStaffIn reports whether a person who writes or presses in a chat is staff: in a staff chat everybody is.
func (a access) isStaffIn(ctx context.Context, chat int64, who person) (bool, error) {
	if !who.user {
		return false, nil
	}
	if staff, err := a.isStaffChat(ctx, chat); err != nil || staff {
		return staff, err
	}
	return a.isStaff(ctx, who.id)
}
