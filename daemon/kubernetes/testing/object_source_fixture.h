// ObjectSourceTest: a source, its simulated API server, and what it told.
#ifndef LB_DAEMON_KUBERNETES_TESTING_OBJECT_SOURCE_FIXTURE_H_
#define LB_DAEMON_KUBERNETES_TESTING_OBJECT_SOURCE_FIXTURE_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/kubernetes/object_source.h"
#include "daemon/kubernetes/testing/sim_kubernetes.h"
#include "gtest/gtest.h"
#include "lb/http/client.h"

namespace lb {

class ObjectSourceTest : public testing::Test, public ObjectSource::Observer {
 protected:
  void Start(config::Objects in_force = {},
             const ObjectSource::Options& options = {
                 .own_namespace = std::string(kOwnNamespace)}) {
    source_ = std::make_unique<ObjectSource>(
        ObjectSource::Ports{&cluster_.loop_, client_, this}, options, Prng(1),
        std::move(in_force));
    source_->Start();
  }
  void DeleteOwn(std::string_view kind, const std::string& name) {
    cluster_.server_.Delete(SimKubernetes::ResourceOf(kind),
                            {std::string(kOwnNamespace), name});
  }
  void OnUpdate(const SourceUpdate& update) override {
    ++updates_;
    relisted_ += update.is_relisted;
    changes_max_ = std::max(changes_max_, update.services.size());
    for (const config::Problem& problem : update.difference.new_problems) {
      problems_.push_back(problem.ToString());
    }
    for (const std::string& service : update.difference.services) {
      services_.push_back(service);
    }
    for (const auto& [name, uid] : update.uids) {
      uids_.push_back(name + " " + uid);
    }
  }
  void OnFailure() override { ++failures_; }
  size_t Watches() const { return cluster_.server_.open_watches(); }

  SimKubernetes cluster_{1};
  http::Client* const client_ = cluster_.server_.AddHost("n1");
  std::unique_ptr<ObjectSource> source_;
  int updates_ = 0;
  int failures_ = 0;
  int relisted_ = 0;
  size_t changes_max_ = 0;
  std::vector<std::string> problems_;
  std::vector<std::string> services_;
  std::vector<std::string> uids_;
};

}  // namespace lb

#endif  // LB_DAEMON_KUBERNETES_TESTING_OBJECT_SOURCE_FIXTURE_H_
