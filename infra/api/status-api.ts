import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BulkheadFunction, grantEstateRead } from '../function/bulkhead-function.ts';
import { API_ROUTES } from './routes.ts';

/**
 * The status API: an HTTP API whose every route asks for a SigV4 signature and for
 * `execute-api:Invoke` on that route, so that IAM alone says who reads, publishes and approves.
 */
export class StatusApi extends Construct {
  readonly api: HttpApi;
  readonly handler: BulkheadFunction;
  /** Of the stage `$default`, so without a path. */
  readonly url: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.handler = new BulkheadFunction(this, 'Handler', {
      entry: 'api',
      description: 'answers the status API',
      memoryMiB: 1024,
      // The gateway gives up after 30 s.
      timeout: Duration.seconds(29),
    });
    grantEstateRead(this.handler.functionRole);
    this.api = new HttpApi(this, 'Api', {
      description: 'Bulkhead: what is segmented, what is not, and why',
      createDefaultStage: false,
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    const integration = new HttpLambdaIntegration('Integration', this.handler, {
      // One permission for the whole API instead of one a route: the gateway is the only caller.
      scopePermissionToRoute: false,
    });
    for (const route of API_ROUTES) {
      this.api.addRoutes({
        path: route.path,
        methods: [route.method === 'GET' ? HttpMethod.GET : HttpMethod.POST],
        integration,
      });
    }
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // A person and their scripts, not the public: enough for paging, too little to hurt.
      throttle: { rateLimit: 50, burstLimit: 100 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, 'AccessLog', {
            retention: RetentionDays.ONE_YEAR,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: AccessLogFormat.custom(ACCESS_LOG),
      },
    });
    this.url = this.api.apiEndpoint;
  }
}

/** One JSON line a request: who, what, how it went. */
const ACCESS_LOG = JSON.stringify({
  at: '$context.requestTime',
  requestId: '$context.requestId',
  caller: '$context.identity.userArn',
  address: '$context.identity.sourceIp',
  route: '$context.routeKey',
  path: '$context.path',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  error: '$context.error.message',
  integrationError: '$context.integrationErrorMessage',
});
