// One node of hashicorp/memberlist, with the control protocol of peer.cc.
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

var (
	lock                            sync.Mutex // Of stdout and metadata.
	metadata                        []byte
	suspicions, refutations, deaths int64
	list                            *memberlist.Memberlist
	queue                           memberlist.TransmitLimitedQueue
)

func say(format string, values ...interface{}) {
	lock.Lock()
	defer lock.Unlock()
	fmt.Printf(format+"\n", values...)
}

// The library tells of suspicions in its log only.
type log struct{}

func (log) Write(line []byte) (int, error) {
	switch {
	case bytes.Contains(line, []byte("has failed, no acks received")):
		atomic.AddInt64(&suspicions, 1)
	case bytes.Contains(line, []byte("Refuting")):
		atomic.AddInt64(&refutations, 1)
	}
	return os.Stderr.Write(line)
}

type delegate struct{}

func (delegate) NodeMeta(limit int) []byte {
	lock.Lock()
	defer lock.Unlock()
	return metadata
}
func (delegate) NotifyMsg(message []byte) { say("! message %s", message) }
func (delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return queue.GetBroadcasts(overhead, limit)
}
func (delegate) LocalState(join bool) []byte              { return []byte("state of " + list.LocalNode().Name) }
func (delegate) MergeRemoteState(state []byte, join bool) { say("! state %s", state) }

func (delegate) NotifyJoin(node *memberlist.Node)   { say("! joined %s", node.Name) }
func (delegate) NotifyUpdate(node *memberlist.Node) { say("! updated %s %s", node.Name, node.Meta) }
func (delegate) NotifyLeave(node *memberlist.Node) {
	atomic.AddInt64(&deaths, 1)
	say("! gone %s", node.Name)
}

type broadcast []byte

func (broadcast) Invalidates(other memberlist.Broadcast) bool { return false }
func (b broadcast) Message() []byte                           { return b }
func (broadcast) Finished()                                   {}

func obey(words []string, config *memberlist.Config) (string, error) {
	rest := strings.Join(words[1:], " ")
	key, _ := hex.DecodeString(rest)
	switch words[0] {
	case "join":
		_, err := list.Join(words[1:])
		return "ok", err
	case "members":
		names := []string{}
		for _, node := range list.Members() {
			names = append(names, node.Name)
		}
		sort.Strings(names)
		return strings.Join(names, " "), nil
	case "meta":
		lock.Lock()
		metadata = []byte(rest)
		lock.Unlock()
		return "ok", list.UpdateNode(5 * time.Second)
	case "send":
		queue.QueueBroadcast(broadcast(rest))
	case "sendreliable":
		for _, node := range list.Members() {
			if node.Name == words[1] {
				return "ok", list.SendReliable(node, []byte(strings.Join(words[2:], " ")))
			}
		}
		return "", fmt.Errorf("no member %s", words[1])
	case "leave":
		return "ok", list.Leave(5 * time.Second)
	case "addkey":
		return "ok", config.Keyring.AddKey(key)
	case "usekey":
		return "ok", config.Keyring.UseKey(key)
	case "removekey":
		return "ok", config.Keyring.RemoveKey(key)
	case "stats":
		return fmt.Sprintf("%d %d %d", atomic.LoadInt64(&suspicions),
			atomic.LoadInt64(&refutations), atomic.LoadInt64(&deaths)), nil
	default:
		return "", fmt.Errorf("unknown command")
	}
	return "ok", nil
}

// Of ours, fast and turbo are timings that memberlist has no name for.
func configOf(profile string) *memberlist.Config {
	config := memberlist.DefaultLANConfig()
	switch profile {
	case "wan":
		config = memberlist.DefaultWANConfig()
	case "local":
		config = memberlist.DefaultLocalConfig()
	case "fast", "turbo":
		unit := 50 * time.Millisecond
		if profile == "turbo" {
			unit = 25 * time.Millisecond
		}
		config.ProbeTimeout, config.ProbeInterval = unit, 2*unit
		config.GossipInterval = unit * 2 / 5
		config.SuspicionMult, config.SuspicionMaxTimeoutMult = 3, 2
		config.PushPullInterval, config.TCPTimeout = 5*time.Second, 3*time.Second
	}
	return config
}

func main() { // NAME ADDRESS:PORT KEY|- compress|plain PROFILE
	config := configOf(os.Args[5])
	host, port, _ := net.SplitHostPort(os.Args[2])
	config.Name, config.BindAddr, config.AdvertiseAddr = os.Args[1], host, host
	config.BindPort, _ = strconv.Atoi(port)
	config.AdvertisePort = config.BindPort
	config.EnableCompression = os.Args[4] == "compress"
	config.LogOutput, config.Delegate, config.Events = log{}, delegate{}, delegate{}
	if os.Args[3] != "-" {
		key, _ := hex.DecodeString(os.Args[3])
		config.Keyring, _ = memberlist.NewKeyring(nil, key)
	}
	queue.NumNodes, queue.RetransmitMult = func() int { return list.NumMembers() }, 4
	var err error
	if list, err = memberlist.Create(config); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	say("= ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if reply, err := obey(strings.Fields(lines.Text()), config); err != nil {
			say("= error: %v", err)
		} else {
			say("= %s", reply)
		}
	}
}
