namespace InferenceServer.Server.Service;

/// <summary>A service as a systemd unit.</summary>
internal static class SystemdUnit
{
    /// <summary>The unit's text.</summary>
    public static string Write(ServiceDefinition service) =>
        $$"""
        # Written by 'inference-server service', which writes it anew at every upgrade: change it by 'systemctl edit inference-server'.
        [Unit]
        Description=InferenceServer, an OpenAI-compatible inference server
        Wants=network-online.target
        After=network-online.target
        # Never gives up: a volume may be mounted hours after boot.
        StartLimitIntervalSec=0

        [Service]
        # Ready when the model is loaded, which may take as long as it takes.
        Type=notify
        TimeoutStartSec=infinity
        ExecStart={{string.Join(' ', service.Command.Select(word => Quote(word).Replace("$", "$$", StringComparison.Ordinal)))}}
        ExecReload=/bin/kill -HUP $MAINPID
        User={{service.User}}
        WorkingDirectory=-{{service.SettingsFolder}}
        Environment={{string.Join(' ', service.Environment().Select(variable => Quote($"{variable.Name}={variable.Value}")))}}
        EnvironmentFile=-{{service.EnvironmentFile}}
        StateDirectory={{service.Name}}
        StateDirectoryMode=0750
        Restart=on-failure
        RestartSec=10
        # Longer than Server:DrainTimeoutMs and the time to free the model.
        TimeoutStopSec={{service.StopSeconds}}
        LimitMEMLOCK=infinity
        LimitNOFILE=65536
        # The engine is a process of its own, which the server starts again.
        OOMPolicy=continue

        # The runtime compiles as it goes, so memory must be writable and executable; GPUs are devices, so those stay visible.
        NoNewPrivileges=true
        CapabilityBoundingSet=
        AmbientCapabilities=
        ProtectSystem=strict
        ProtectHome=read-only
        PrivateTmp=true
        ProtectClock=true
        ProtectControlGroups=true
        ProtectHostname=true
        ProtectKernelLogs=true
        ProtectKernelModules=true
        ProtectKernelTunables=true
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
        RestrictNamespaces=true
        RestrictRealtime=true
        RestrictSUIDSGID=true
        RemoveIPC=true
        LockPersonality=true
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallErrorNumber=EPERM
        UMask=0077

        [Install]
        WantedBy=multi-user.target

        """;

    // systemd takes percent signs for specifiers, and in commands dollars for variables.
    private static string Quote(string word)
    {
        var text = word.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal);
        return text.Any(char.IsWhiteSpace) || text.Length != word.Length ? $"\"{text}\"" : text;
    }
}
