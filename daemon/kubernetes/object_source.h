// ObjectSource: follows the objects of the API server, and keeps a Desired of
// them.
//
// One Reflector per kind lists and watches. What came in one turn of the loop
// goes on as one SourceUpdate on the next: the Desired with what differs, and
// the records of services and pools, which no Desired has. So a page of a list
// is a turn, and no turn reads more than some hundred objects.
//
//   reflectors --changes--> config::ReadObject --> config::DesiredKeeper
//                                    one SourceUpdate per turn --> observer
//
// Some kinds count only where an object of another kind needs them
// (SourceKind::needed_by): Namespaces where a pool selects by their labels, and
// all for BGP where there is a BGPPeer. They are followed once there is such an
// object, and then for good. What needs them waits until they were listed:
// nothing is refused for a Secret that is about to come, and no address is
// given out of a pool before it is known to which namespaces it is open.
//
// A server without the resources for BGP (404) holds nothing up: there are no
// such objects then. Nor does one that lets no client read them (403), unless
// some are in force of an earlier run.
//
// A controller follows what addresses do not depend on only to tell the faults
// in it (Options::aside). While the server refuses to list that, for whatever
// reason, nothing else waits.
//
// Until each kind was listed the Desired is that of `in_force`, and may_define
// says that any service may exist: whatever releases addresses waits. While the
// server is away nothing comes, so everything stays as it is.
//
// Loop thread only. The loop, the client and the observer outlive it.
#ifndef LB_DAEMON_KUBERNETES_OBJECT_SOURCE_H_
#define LB_DAEMON_KUBERNETES_OBJECT_SOURCE_H_

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "daemon/kubernetes/pool_record.h"
#include "daemon/kubernetes/service_record.h"
#include "daemon/kubernetes/source_kinds.h"
#include "lb/base/prng.h"
#include "lb/config/desired.h"
#include "lb/config/desired_keeper.h"
#include "lb/config/difference.h"
#include "lb/config/manifests.h"
#include "lb/config/object_change.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/reflector.h"

namespace lb {

// One change of a Service.
struct ServiceChange {
  enum class Kind {
    kSet,
    kDeleted,   // A watch said so.
    kUnlisted,  // A list lacks it: also a server with an older state says so.
  };

  Kind kind = Kind::kSet;
  ServiceRecord record;  // kSet: all of it. Otherwise the name alone.
};

struct SourceUpdate {
  std::shared_ptr<const config::Desired> desired;  // Changed in place.
  config::Difference difference;
  std::vector<std::string> objects;     // Names of all that may be others.
  std::vector<ServiceChange> services;  // In order; one may come and go.
  std::vector<PoolRecord> pools;
  // The uid of each metallb.io object that is new or changed, by its name as in
  // problems; empty: the object is gone.
  std::vector<std::pair<std::string, std::string>> uids;
  // Every kind of the last Relist() was listed since, and is in this update or
  // in one before; none of its objects waits for those that it needs.
  bool is_relisted = false;
};

class ObjectSource {
 public:
  struct Options {
    std::string own_namespace;  // Where metallb.io objects count.
    config::ManifestOptions manifests;
    // Kinds that are not followed: as if there were no such objects.
    std::set<std::string_view> left_out = {};
    // Kinds that hold nothing up. No Trouble() if they may not be listed.
    std::set<std::string_view> aside = {};
    // Pools and advertisements come by TakeManifests(), and are not followed.
    bool has_manifests = false;
  };

  // `left_out` and `aside` of a controller: addresses do not depend on these,
  // and nothing is told about the first.
  static std::set<std::string_view> LeftOutOfControllers() {
    return {"EndpointSlice"};
  }
  static std::set<std::string_view> AsideOfControllers() {
    return {"BFDProfile", "BGPAdvertisement", "BGPPeer",
            "Community",  "L2Advertisement",  "Secret"};
  }

  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void OnUpdate(const SourceUpdate& update) = 0;
    // A request has failed; another follows by itself.
    virtual void OnFailure() {}
  };

  struct Ports {
    io::Loop* loop = nullptr;
    http::Client* client = nullptr;
    Observer* observer = nullptr;
  };

  // `in_force`: as DesiredKeeper has them.
  ObjectSource(const Ports& ports, Options options, const Prng& prng,
               config::Objects in_force = {});
  ObjectSource(const ObjectSource&) = delete;
  ObjectSource& operator=(const ObjectSource&) = delete;
  ~ObjectSource();

  // Sends the first requests. Once.
  void Start();

  // Lists these kinds again, each from a state of the server that is no older
  // than this call; then an update says `is_relisted`. Not within OnUpdate().
  void Relist(absl::Span<const std::string_view> kinds);

  // What a reading of manifests changed, the first time all of it; then their
  // kinds count as listed. REQUIRES: Options::has_manifests.
  void TakeManifests(std::vector<config::ObjectChange> changes);

  // The server, which was lost, has answered another of its clients
  // (kubernetes::RecoveryClient).
  void OnServerBack();

  // Every kind was listed once.
  bool is_complete() const { return keeper_.is_complete(); }
  std::shared_ptr<const config::Desired> desired() const {
    return keeper_.shared();
  }
  // Every kind that the server has is being followed now.
  bool is_synchronized() const;
  // Some kind is.
  bool follows_any() const;
  // "Service: 403 Forbidden: ...": the first kind that is not being followed,
  // and why; empty: all are.
  std::string Trouble() const;
  // "bgppeers.metallb.io, ...": what the server does not have; empty: it has
  // all.
  std::string Absent() const;

 private:
  // The kinds that objects of one kind need.
  struct Needed {
    enum class State { kUndecided, kUnneeded, kFollowed };

    State state = State::kUndecided;
    std::vector<const SourceKind*> kinds;
    // Objects that need them, and with BGP those of these kinds, by name, until
    // they were all listed: an advertisement may name a Community.
    std::map<std::string, config::ObjectChange> waiting;
  };

  // Takes the changes of one kind.
  class Follower;

  void Follow(const SourceKind& kind);
  // Takes a change for the next Flush(), or for when what it needs was listed.
  void Take(config::ObjectChange change);
  bool NeedsOthersNow(const config::ObjectChange& change) const;
  // Settles whether what objects of `kind` need is to be followed, and begins.
  void DecideOn(std::string_view kind, Needed& needed);
  bool AreListed(const Needed& needed) const;
  // Lets go what waits, if what it needs was listed.
  void Release(Needed& needed);
  // The kind was listed, or is not to be had.
  bool IsSettled(std::string_view kind) const;
  // True once after each Relist().
  bool TakeRelisted();
  bool HasInForce(std::string_view kind) const;
  bool IsAside(const Follower& follower) const;
  void OnChange(const SourceKind& kind, const kubernetes::Change& change);
  void OnFailure(Follower& follower);
  void NoteRecord(const SourceKind& kind, const kubernetes::Change& change);
  void Flush();

  io::Loop* const loop_;
  http::Client* const client_;
  Observer* const observer_;
  const Options options_;
  const Prng prng_;
  config::DesiredKeeper keeper_;
  std::vector<std::unique_ptr<Follower>> followers_;
  // Since the last Flush():
  std::vector<config::ObjectChange> changes_;
  std::vector<std::string_view> listed_;
  SourceUpdate update_;
  bool has_read_manifests_ = false;
  std::map<std::string_view, Needed> needed_;  // By SourceKind::needed_by.
  // Kinds of the last Relist(): were they listed since?
  std::map<std::string_view, bool> awaited_;
  std::unique_ptr<io::Timer> timer_;  // Runs Flush().
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_OBJECT_SOURCE_H_
