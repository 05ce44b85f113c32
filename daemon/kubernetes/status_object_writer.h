// StatusObjectWriter: has the API server keep the status objects of one kind as
// this process wants them.
//
// It lists them at its start and again each ten minutes or so, without a watch,
// and sends what StatusObjects says. Each object is in lbd's own namespace.
//
//   StatusObjectWriter statuses(ports, {.objects = {.resource = ...}, ...},
//                               prng);
//   statuses.Start();
//   statuses.objects().Want("default/web", wish);
//   statuses.CarryOut();
//
// Bounds: 8 writes at a time, those of the Writer, and one list at a time.
//
// Loop thread only. The ports outlive it.
#ifndef LB_DAEMON_KUBERNETES_STATUS_OBJECT_WRITER_H_
#define LB_DAEMON_KUBERNETES_STATUS_OBJECT_WRITER_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/kubernetes/list_once.h"
#include "daemon/kubernetes/status_objects.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/reflector_options.h"
#include "lb/kubernetes/write_request.h"
#include "lb/kubernetes/writer.h"

namespace lb {

using StatusObjectList = ListOnce<StatusObjects::Object>;

class StatusObjectWriter {
 public:
  // On average.
  static constexpr absl::Duration kListInterval = absl::Minutes(10);
  static constexpr absl::Duration kListSoon = absl::Seconds(5);

  struct Ports {
    io::Loop* loop = nullptr;
    http::Client* client = nullptr;        // For lists.
    kubernetes::Writer* writer = nullptr;  // For everything else.
    // Takes events of this node: type, reason, message.
    std::function<void(EventType, std::string, std::string)> record;
  };
  struct Options {
    kubernetes::ReflectorOptions list;  // Names the resource and the namespace.
    std::string kind;                   // "ServiceL2Status"
    StatusObjectList::Read read;        // Reads lists and answers to writes.
    std::function<std::string(const std::string& key)> name_of;
    // The objects that the server has, before they count. May be null.
    std::function<void(const std::vector<StatusObjects::Object>&)> on_listed =
        {};
  };

  StatusObjectWriter(const Ports& ports, Options options, const Prng& prng);
  StatusObjectWriter(const StatusObjectWriter&) = delete;
  StatusObjectWriter& operator=(const StatusObjectWriter&) = delete;

  // Lists, and then writes. Once.
  void Start() { List(); }

  // CarryOut() follows each change of it.
  StatusObjects& objects() { return objects_; }
  const StatusObjects& objects() const { return objects_; }
  void CarryOut();
  // Lists once more, no later than that, after Start().
  void ListBy(absl::Time at) {
    list_at_ = std::min(list_at_, at);
    CarryOut();
  }

 private:
  void List();
  void OnListed(const std::vector<StatusObjects::Object>& objects);
  void OnTimer();
  void Send(const StatusObjects::Write& write);
  // The object that the server has now; nullopt: it did not say.
  std::optional<StatusObjects::Object> AnswerOf(
      const kubernetes::WriteReport& report) const;
  // Once for each list.
  void Complain(std::string message);

  const Ports ports_;
  const Options options_;
  Prng prng_;
  StatusObjects objects_;
  std::unique_ptr<StatusObjectList> list_;  // Null: none is under way.
  absl::Time list_at_ = absl::InfiniteFuture();
  absl::Time complain_at_ = absl::InfiniteFuture();
  bool has_complained_ = false;
  std::unique_ptr<io::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_STATUS_OBJECT_WRITER_H_
