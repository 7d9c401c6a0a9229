import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  Stats,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type BulkheadFunction, METRIC_NAMESPACE } from '../function/bulkhead-function.ts';

/** Where an operator reads on; each alarm names a heading of it. */
const RUNBOOK = 'docs/runbook.md';

/** Metrics that the functions send themselves (functions/signal.ts). */
const OWN_METRICS = {
  sweeps: 'SweepFinished',
  missed: 'MissedByEvents',
  drifted: 'Drifted',
  written: 'ReceivedToWritten',
  throttled: 'Throttled',
  holes: 'ProofHoles',
  cuts: 'ProofCuts',
  held: 'WorkloadsHeld',
} as const;

export interface ObservabilityProps {
  /** Dimension of our own metrics: the name of the stack. */
  readonly service: string;
  readonly events: Queue;
  readonly eventDeadLetters: Queue;
  readonly rejected: Queue;
  readonly workloads: Queue;
  readonly workloadDeadLetters: Queue;
  readonly parkedDeadLetters: Queue;
  readonly machine: StateMachine;
  readonly functions: Readonly<Record<string, BulkheadFunction>>;
  readonly apiErrors: IMetric;
}

interface AlarmSpec {
  readonly id: string;
  /** What is wrong, for whoever is woken up. */
  readonly says: string;
  /** Heading in the runbook, as GitHub makes an anchor of it. */
  readonly anchor: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** How many of the last periods must be over. */
  readonly of: readonly [number, number];
  readonly below?: boolean;
  readonly missingIsBad?: boolean;
}

/** Alarms, one topic that they all go to, and a dashboard. */
export class Observability extends Construct {
  readonly topic: Topic;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Alarms', { enforceSSL: true });
    this.alarms = alarmSpecs(props).map((spec) => this.#alarm(spec));
    this.#dashboard(props);
  }

  #alarm(spec: AlarmSpec): Alarm {
    const [datapoints, periods] = spec.of;
    const alarm = new Alarm(this, spec.id, {
      metric: spec.metric,
      threshold: spec.threshold,
      datapointsToAlarm: datapoints,
      evaluationPeriods: periods,
      comparisonOperator: spec.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: spec.missingIsBad
        ? TreatMissingData.BREACHING
        : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${spec.says}. What to do: ${RUNBOOK}#${spec.anchor}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  #dashboard(props: ObservabilityProps): void {
    const dashboard = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.hours(3) });
    const service = props.service;
    dashboard.addWidgets(
      new TextWidget({ markdown: `# Bulkhead, ${service}\nEach alarm: ${RUNBOOK}`, width: 24 }),
    );
    dashboard.addWidgets(
      graph('Received to written (ms)', [
        own(service, OWN_METRICS.written, Stats.p(50)),
        own(service, OWN_METRICS.written, Stats.p(95)),
        own(service, OWN_METRICS.written, Stats.p(99)),
      ]),
      graph('Oldest open item (s)', [oldest(props.events), oldest(props.workloads)]),
      graph('Given up', [
        waiting(props.eventDeadLetters),
        waiting(props.workloadDeadLetters),
        waiting(props.parkedDeadLetters),
        waiting(props.rejected),
      ]),
    );
    dashboard.addWidgets(
      graph('Sweep: found that no event had told', [
        own(service, OWN_METRICS.missed, Stats.SUM),
        own(service, OWN_METRICS.drifted, Stats.SUM),
      ]),
      graph('Proof: pairs that differ from the policy', [
        own(service, OWN_METRICS.holes, Stats.MAXIMUM),
        own(service, OWN_METRICS.cuts, Stats.MAXIMUM),
      ]),
      graph('Publishing', [
        props.machine.metricStarted(),
        props.machine.metricSucceeded(),
        props.machine.metricFailed(),
      ]),
      graph('Function errors, and EC2 saying slower', [
        ...Object.values(props.functions).map((target) => target.metricErrors()),
        own(service, OWN_METRICS.throttled, Stats.SUM),
      ]),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8 });
}

function own(service: string, metricName: string, statistic: string): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { service },
    statistic,
    period: Duration.minutes(5),
  });
}

const MINUTE = { period: Duration.minutes(1) };

function oldest(queue: Queue): Metric {
  return queue.metricApproximateAgeOfOldestMessage(MINUTE);
}

function waiting(queue: Queue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible(MINUTE);
}

function alarmSpecs(props: ObservabilityProps): readonly AlarmSpec[] {
  return [...queueAlarms(props), ...loopAlarms(props), ...errorAlarms(props)];
}

function queueAlarms(props: ObservabilityProps): readonly AlarmSpec[] {
  return [
    {
      id: 'EventDeadLetters',
      says: 'Events could not be delivered or were given up after five attempts',
      anchor: 'event-dead-letters',
      metric: waiting(props.eventDeadLetters),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'WorkloadDeadLetters',
      says: 'A workload could not be handled, not even to be rejected',
      anchor: 'workload-dead-letters',
      metric: waiting(props.workloadDeadLetters),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'ParkedDeadLetters',
      says: 'Reminders of parked workloads were given up after five attempts',
      anchor: 'parked-dead-letters',
      metric: waiting(props.parkedDeadLetters),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'RejectedMessages',
      says: 'Messages were set aside, each with its reason',
      anchor: 'rejected-messages',
      metric: waiting(props.rejected),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'OldestEvent',
      says: 'An event has waited more than a minute to be read',
      anchor: 'oldest-event',
      metric: oldest(props.events),
      threshold: 60,
      of: [3, 3],
    },
    {
      id: 'OldestWorkload',
      says: 'A workload has waited more than two minutes to be handled',
      anchor: 'oldest-workload',
      metric: oldest(props.workloads),
      threshold: 120,
      of: [3, 3],
    },
  ];
}

function loopAlarms(props: ObservabilityProps): readonly AlarmSpec[] {
  const service = props.service;
  return [
    {
      id: 'SweepMissing',
      says: 'No sweep has finished for ten minutes; lost events go unnoticed',
      anchor: 'sweep-missing',
      metric: own(service, OWN_METRICS.sweeps, Stats.SUM),
      threshold: 1,
      below: true,
      missingIsBad: true,
      of: [2, 2],
    },
    {
      id: 'MissedByEvents',
      says: 'The sweep keeps finding changes that no event had told of',
      anchor: 'missed-by-events',
      metric: own(service, OWN_METRICS.missed, Stats.SUM),
      threshold: 5,
      of: [3, 3],
    },
    {
      id: 'WorkloadsHeld',
      says: 'Workloads would lose their segment, or their enforcement, by an event; they are held',
      anchor: 'workloads-held',
      metric: own(service, OWN_METRICS.held, Stats.SUM),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'ProofHole',
      says: 'AWS lets something pass that the policy in force forbids',
      anchor: 'proof-hole-or-cut',
      metric: own(service, OWN_METRICS.holes, Stats.MAXIMUM),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'ProofCut',
      says: 'AWS stops something that the policy in force allows',
      anchor: 'proof-hole-or-cut',
      metric: own(service, OWN_METRICS.cuts, Stats.MAXIMUM),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'PublishFailed',
      says: 'A publish ended without being in force',
      anchor: 'publish-failed',
      metric: props.machine.metricFailed({ period: Duration.minutes(5) }),
      threshold: 0,
      of: [1, 1],
    },
    {
      id: 'PublishTimedOut',
      says: 'A publish did not end in eight days',
      anchor: 'publish-failed',
      metric: props.machine.metricTimedOut({ period: Duration.minutes(5) }),
      threshold: 0,
      of: [1, 1],
    },
  ];
}

function errorAlarms(props: ObservabilityProps): readonly AlarmSpec[] {
  const functions = Object.entries(props.functions).map(([name, target]) => ({
    id: `${name}Errors`,
    says: `The function ${name.toLowerCase()} keeps failing`,
    anchor: name === 'Sweep' ? 'sweep-failures' : 'function-errors',
    metric: target.metricErrors(MINUTE),
    threshold: 0,
    of: [3, 5] as const,
  }));
  return [
    ...functions,
    {
      id: 'ApiAnswers',
      says: 'The status API answers with errors of its own',
      anchor: 'api-errors',
      metric: props.apiErrors,
      threshold: 0,
      of: [3, 5],
    },
  ];
}
