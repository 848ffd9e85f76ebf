package telegramtest_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	tt "livedeskbot/bot/telegram/telegramtest"
)

func TestSinceReturnsWhatIsNewAndWhatHasChanged(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	first := b.s.Say(alice, chat, "first")
	second := b.s.Say(alice, b.s.NewSupergroup("H"), "second")
	all, revision := b.s.Since(0)
	require.Equal(t, []*tt.Message{first, second}, all)
	none, same := b.s.Since(revision)
	require.Empty(t, none)
	require.Equal(t, revision, same)

	b.s.Edit(first, "changed")
	b.s.Remove(second)
	changed, later := b.s.Since(revision)
	require.Len(t, changed, 2)
	require.Equal(t, "changed", changed[0].Text)
	require.True(t, changed[1].Deleted)
	b.s.NewPerson("Bob")
	none, last := b.s.Since(later)
	require.Empty(t, none)
	require.Greater(t, last, later, "people are seen too")
}

func TestALookShowsWhatPeopleSeeOfAChat(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice", tt.LastName("A."))
	forum := b.s.NewForum("F")
	open, closed, gone := forum.NewTopic("Open"), forum.NewTopic("Closed"), forum.NewTopic("Gone")
	closed.Close()
	gone.Delete()
	forum.SetMember(alice, tt.Administrator)
	look := forum.Look()
	require.Equal(t, []tt.TopicLook{{ID: open.ID, Name: "Open"}, {ID: closed.ID, Name: "Closed", Closed: true}}, look.Topics)
	require.Equal(t, []tt.MemberLook{{Person: alice, Status: tt.Administrator}}, look.Members)
	require.True(t, look.Forum)
	require.Equal(t, tt.Member, look.Bot)
	require.Nil(t, forum.Topic(gone.ID))
	require.Equal(t, open, forum.Topic(open.ID))

	private := b.s.Private(alice)
	require.Equal(t, "Alice A.", private.Look().Title)
	require.Equal(t, []*tt.Chat{forum, private}, b.s.Chats())
	require.Equal(t, private, b.s.Chat(alice.ID))
	require.Equal(t, alice, b.s.Person(alice.ID))
	require.Equal(t, []*tt.Person{alice}, b.s.People())
	b.does("sendChatAction", p{"chat_id": forum.ID, "message_thread_id": open.ID, "action": "typing"})
	require.Equal(t, "typing", forum.Look().Doing.Action)
	require.Equal(t, open.ID, forum.Look().Doing.Thread)
}

func TestAClientShowsTheNarrowestMenuInItsLanguage(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice, kenji := b.s.NewPerson("Alice"), b.s.NewPerson("Kenji", tt.Language("ja-JP"))
	group := b.s.NewSupergroup("G")
	set := func(name, scope, language string) {
		b.does("setMyCommands", p{
			"commands": []tt.Command{{Name: name, Description: name}}, "scope": p{"type": scope}, "language_code": language,
		})
	}
	set("everywhere", "default", "")
	require.Equal(t, "everywhere", b.s.Commands(group, alice)[0].Name)
	set("group", "all_group_chats", "")
	set("group_ja", "all_group_chats", "ja")
	set("admin", "all_chat_administrators", "")
	require.Equal(t, "group", b.s.Commands(group, alice)[0].Name)
	require.Equal(t, "group_ja", b.s.Commands(group, kenji)[0].Name)
	require.Equal(t, "everywhere", b.s.Commands(b.s.Private(alice), alice)[0].Name)
	group.SetMember(alice, tt.Creator)
	require.Equal(t, "admin", b.s.Commands(group, alice)[0].Name)
}

func TestPeopleReactAndAnAdministratorIsTold(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	m := b.s.Say(alice, chat, "nice")
	b.nextMessage()
	b.does("getUpdates", p{"allowed_updates": []string{"message", "message_reaction"}})
	b.s.React(alice, m, "👍")
	require.Equal(t, []tt.Reaction{{By: alice, Emoji: "👍"}}, chat.Message(m.ID).Reactions)
	require.Zero(t, b.s.Pending(), "an ordinary member is told nothing")

	chat.SetMember(b.s.Bot(), tt.Administrator)
	b.s.React(alice, m, "🔥")
	update := b.next()["message_reaction"].(map[string]any)
	require.Equal(t, []any{map[string]any{"type": "emoji", "emoji": "👍"}}, update["old_reaction"])
	require.Equal(t, []any{map[string]any{"type": "emoji", "emoji": "🔥"}}, update["new_reaction"])
	b.s.React(alice, m, "")
	require.Empty(t, chat.Message(m.ID).Reactions)
	require.Empty(t, b.next()["message_reaction"].(map[string]any)["new_reaction"])
	require.Contains(t, tt.Emoji(), "✍")
}

func TestAnsweredPressesAreKeptInOrder(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	m := b.s.Say(alice, chat, "under which there might be a button")
	first, second := b.s.Forge(alice, m, "a"), b.s.Forge(alice, m, "b")
	b.does("answerCallbackQuery", p{"callback_query_id": second.ID, "text": "two"})
	b.does("answerCallbackQuery", p{"callback_query_id": first.ID})
	answer, ok := second.Answer()
	require.True(t, ok)
	require.Equal(t, "two", answer.Text)
	_, ok = b.s.Forge(alice, m, "c").Answer()
	require.False(t, ok)
	require.Equal(t, []*tt.Press{second, first}, b.s.Answers(0))
	require.Equal(t, []*tt.Press{first}, b.s.Answers(1))
	require.Equal(t, alice, first.By)
	require.Equal(t, m, first.Under)
}

func TestUploadsAreKeptUpToASize(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{KeepUploads: 4})
	alice := b.s.NewPerson("Alice")
	chat := b.s.NewSupergroup("G")
	b.s.Say(alice, chat, "hello")
	fields := map[string]string{"chat_id": itoa(chat.ID)}
	b.uploads("sendDocument", fields, map[string]string{"document": "abcd"})
	b.uploads("sendDocument", fields, map[string]string{"document": "abcde"})
	sent := chat.BotMessages()
	content, err := io.ReadAll(sent[0].File.Content())
	require.NoError(t, err)
	require.Equal(t, "abcd", string(content))
	require.Nil(t, sent[1].File.Content(), "too large to keep")
	require.Equal(t, sent[0].File, b.s.File(sent[0].File.ID))
}

func TestServiceMessagesHaveANotice(t *testing.T) {
	t.Parallel()
	b := start(t, tt.Options{})
	alice := b.s.NewPerson("Alice")
	group := b.s.NewGroup("G")
	group.Join(alice)
	group.Leave(alice)
	super := group.Upgrade(alice)
	super.SetForum(true)
	topic := super.NewTopic("Printers")
	topic.Close()
	topic.Reopen()
	super.HideGeneral()
	b.s.Say(alice, super, "hello")
	var notices []string
	for _, m := range append(group.Messages(), super.Messages()...) {
		notices = append(notices, m.Notice())
	}
	require.Equal(t, []string{
		"Alice joined the group", "Alice left the group", "This group became a supergroup", "This supergroup was a group before",
		"Topic Printers was created", "The topic was closed", "The topic was reopened", "The General topic was hidden", "",
	}, notices)
}
