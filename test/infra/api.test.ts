import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../core/api/routes.ts';
import { API_ROUTES } from '../../infra/api/routes.ts';
import { resourcesOf, synthesise } from './synth.ts';

const { template } = synthesise();
const routes = resourcesOf(template, 'AWS::ApiGatewayV2::Route');

describe('the status API', () => {
  test('the gateway serves what the handler answers, no more and no less', () => {
    const served = API_ROUTES.map(({ method, path, scope }) => `${method} ${path} ${scope}`);
    const answered = ROUTES.map(({ method, path, scope }) => `${method} ${path} ${scope}`);
    expect(served.sort()).toEqual(answered.sort());
    expect(routes.map(({ properties }) => properties.RouteKey).sort()).toEqual(
      ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
    );
  });

  test.each(routes.map(({ properties }) => [String(properties.RouteKey), properties]))(
    '%s asks for a signature',
    (_, properties) => {
      expect(properties.AuthorizationType).toBe('AWS_IAM');
    },
  );

  test('no route catches what is not listed', () => {
    const keys = routes.map(({ properties }) => String(properties.RouteKey));
    expect(keys.filter((key) => /\$default|ANY|\+\}/.test(key))).toEqual([]);
  });

  test('each request leaves a line with the caller', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', { StageName: '$default' });
    const [stage] = resourcesOf(template, 'AWS::ApiGatewayV2::Stage');
    expect(JSON.stringify(stage?.properties.AccessLogSettings)).toContain('userArn');
    expect(JSON.stringify(stage?.properties.DefaultRouteSettings)).toContain('ThrottlingRateLimit');
  });

  test('no route is reachable from a web page', () => {
    for (const { properties } of resourcesOf(template, 'AWS::ApiGatewayV2::Api')) {
      expect(properties).not.toHaveProperty('CorsConfiguration');
    }
  });
});
