"""Mends of Elastic Load Balancing (v2)."""

from moto.elbv2.models import FakeTargetGroup, elbv2_backends

# A target group keeps the load balancers that it once served, and those that come with ModifyListener
# are not noticed. On AWS LoadBalancerArns follows the listeners and rules of the moment.


def forwards_to(backend, listener, target_group_arn):
    return any(
        target_group_arn in backend._get_target_group_arns_from(action_data=action.data)
        for rule in listener.rules.values()
        for action in rule.actions
    )


def load_balancer_arns(self):
    backend = elbv2_backends[self.account_id][self.region_name]
    return [
        load_balancer.arn
        for load_balancer in list(backend.load_balancers.values())
        if any(forwards_to(backend, listener, self.arn) for listener in list(load_balancer.listeners.values()))
    ]


FakeTargetGroup.load_balancer_arns = property(load_balancer_arns, lambda self, value: None)
